"""Which credential a request carries, read from its raw headers alone. RFC 6750 §2.1, RFC 6265 §5.4.

A token is taken from the Authorization header and from nowhere else: never from the query (§2.3, it would be in every
log) and never from a form (§2.2). The first credential found is the one that counts: a request with a bad token and a
good cookie is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from doorward.guard.rules import Refusal, Refused

MAX_TOKEN: Final = 8192
"""Characters of a token; the longest of our own have about 1 500."""

SECURE_COOKIE: Final = "__Host-doorward"
PLAIN_COOKIE: Final = "doorward"

_SCHEME: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +")
_B64TOKEN: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
_WATCHED: Final = frozenset({b"authorization", b"cookie", b"origin", b"sec-fetch-site", b"host"})

RawHeaders = Iterable[tuple[bytes, bytes]]
"""As ASGI gives them: lower-case names, values as they came, one pair for every line."""


@dataclass(frozen=True, slots=True)
class Headers:
    """What a guard reads of a request, each line of a repeated header apart."""

    authorization: Sequence[str] = field(default=(), repr=False)
    cookie: Sequence[str] = field(default=(), repr=False)
    origin: Sequence[str] = ()
    site: Sequence[str] = ()
    host: str = ""


_UNREADABLE: Final = Refusal(
    401,
    "unauthenticated",
    "credential.invalid",
    "the Authorization header is not `Bearer` and one token",
    error="invalid_token",
)
_REPEATED: Final = Refusal(
    400, "invalid_request", "credential.repeated", "a credential was sent twice", error="invalid_request"
)


def read(raw: RawHeaders) -> Headers:
    """The headers that matter here."""
    found: dict[bytes, list[str]] = {}
    for name, value in raw:
        if name in _WATCHED:
            found.setdefault(name, []).append(value.decode("latin-1"))
    of = found.get
    host = of(b"host", ())
    return Headers(
        of(b"authorization", ()),
        of(b"cookie", ()),
        of(b"origin", ()),
        of(b"sec-fetch-site", ()),
        host[0] if len(host) == 1 else "",
    )


def token(headers: Headers) -> str | None:
    """The bearer token, or None when the request brings none. The scheme's case does not matter, RFC 9110 §11.1.

    Raises Refused: 400 for two Authorization headers, 401 `invalid_token` for a Bearer that is not exactly one token.
    Another scheme is not ours to judge and counts as none. Does NOT verify anything.
    """
    lines = headers.authorization
    if not lines:
        return None
    if len(lines) > 1:  # rfc6750#2
        raise Refused(_REPEATED)
    line = lines[0]
    scheme = _SCHEME.match(line)
    if scheme is None:
        if line.lower() == "bearer":
            raise Refused(_UNREADABLE)
        return None
    token = line[scheme.end() :]
    if not _is_b64token(token):  # rfc6750#2.1
        raise Refused(_UNREADABLE)
    return token


def _is_b64token(text: str) -> bool:
    """RFC 6750 §2.1: the allowed characters, then any number of `=`. By deleting: a regex takes ten times as long."""
    body = text.rstrip("=").encode("latin-1", "replace")
    return len(text) <= MAX_TOKEN and body != b"" and not body.translate(None, _B64TOKEN)


def session_secret(headers: Headers, names: Sequence[str]) -> str | None:
    """The session cookie's value under the first of these names, or None.

    A name that occurs twice with different values is refused (400): the one was planted, and which of them is not said.
    Only SP and TAB are taken off a name (RFC 6265 §5.2): to a browser `__Host-…` behind another space has no prefix.
    """
    pairs = [pair.strip(" \t").partition("=") for line in headers.cookie for pair in line.split(";")]
    for name in names:
        values = {value for key, _, value in pairs if key == name}
        if len(values) > 1:
            raise Refused(_REPEATED)
        if values:
            return values.pop() or None
    return None


def cookie_names(public_url: str, scheme: str, host: str) -> tuple[str, ...]:
    """Under which names a session cookie is believed.

    `__Host-` always: a browser takes it only over TLS, from this very host. The plain name where no TLS can be: a
    public URL of `http`, or none and a loopback host.
    """
    if public_url:
        plain = public_url.startswith("http:")
    else:
        plain = scheme == "http" and re.fullmatch(r"(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?", host) is not None
    return (SECURE_COOKIE, PLAIN_COOKIE) if plain else (SECURE_COOKIE,)
