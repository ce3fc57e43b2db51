"""Redirect URIs: which may be registered, which a request may name, and the one way an answer is put on one.

A registered URI is compared byte for byte (RFC 9700 §2.1); nothing is decoded, folded or normalised, because what the
comparison and the browser read differently is how codes leak. The only exception is the port of a loopback URI of a
public client (RFC 8252 §7.3). Every Location that leaves for a client is made by `answer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from doorward.core.errors import Invalid
from doorward.core.oauth.client import Client

_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::([1-9][0-9]{0,4}))?((?:[/?].*)?)", re.DOTALL)
_URI = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):(?P<rest>(?:[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=]|%[0-9A-Fa-f]{2})+)")
_AUTHORITY = re.compile(
    r"//(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?(?:[/?]|$)"
)
_HOME = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?=[/?#]|$)")
_DOTS = re.compile(r"(?:^|/)(?:\.|%2e){1,2}(?:[/?]|$)", re.IGNORECASE)
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "[::1]", "localhost"})
_RESPONSE = frozenset({"code", "state", "iss", "error", "error_description", "error_uri", "id_token", "access_token"})
MAX_LENGTH = 2000


def registered(client: Client, uri: str) -> bool:
    """Whether this client may be answered at `uri`. RFC 9700 §2.1, RFC 8252 §7.3.

    Does NOT look at whether the client is active.
    """
    if uri in client.redirect_uris:
        return True
    return client.public and any(_same_but_port(one, uri) for one in client.redirect_uris)


def _same_but_port(one: str, other: str) -> bool:
    left, right = _LOOPBACK.fullmatch(one), _LOOPBACK.fullmatch(other)
    if left is None or right is None or int(right[2] or 80) > 65535:
        return False
    return left[1] == right[1] and left[3] == right[3]


def is_loopback(uri: str) -> bool:
    """Whether the browser will call a program on its own machine: any such program may be listening there."""
    return _LOOPBACK.fullmatch(uri) is not None


def provable(client: Client, uri: str) -> bool:
    """Whether an answer at `uri` reaches this client and nobody posing as it, so that a consent may be remembered.

    RFC 8252 §8.6: a public client at a loopback or private-use scheme address can be impersonated.
    """
    return not client.public or uri.startswith("https://")


def host(uri: str) -> str:
    """Where the browser goes, for a person to read: the host, or the private-use scheme."""
    match = _AUTHORITY.match(uri.partition(":")[2])
    return match["host"] if match else uri.partition(":")[0]


def origin(uri: str) -> str:
    """The CSP source that covers `uri`: scheme, host and port; the bare scheme where CSP has no word for the host."""
    scheme, _, rest = uri.partition(":")
    if scheme not in {"https", "http"} or rest.startswith("//["):
        return f"{scheme}:"
    return f"{scheme}://" + re.split(r"[/?]", rest[2:], maxsplit=1)[0]


def web_origin(uri: str) -> str | None:
    """The `Origin` that a browser sends from a page at `uri`: RFC 6454 §6.2, without a default port. None where the
    scheme is not the web's. Does NOT check `uri`: a registered one has been."""
    scheme, _, rest = uri.partition("://")
    authority = re.split(r"[/?]", rest, maxsplit=1)[0].lower()
    if scheme not in _DEFAULT_PORTS or not authority:
        return None
    return f"{scheme}://{authority.removesuffix(_DEFAULT_PORTS[scheme])}"


def onward(client: Client, uri: str) -> tuple[str, ...]:
    """The CSP sources where a form may end up that an answer at `uri` follows: there, and at the client's home page.

    A browser applies `form-action` to the client's own redirects too. One whose callback sends people on to another
    origin names that origin as its `client_uri`.
    """
    home = _HOME.match(client.client_uri)
    return tuple(dict.fromkeys((origin(uri), *((home[0],) if home else ()))))


def answer(uri: str, parameters: Mapping[str, str]) -> str:
    """`uri` with response parameters added to its query, whose own bytes stay as they were registered.

    RFC 6749 §4.1.2 and §3.1.2. Does NOT check `uri`: a Trusted request has.
    """
    mark = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{mark}{urlencode(parameters)}"


def check(uri: str, *, public: bool) -> None:
    """Raises Invalid unless `uri` may be registered: absolute, https, http on loopback, or a private-use scheme.

    RFC 6749 §3.1.2, RFC 8252 §7 and §8.4. Userinfo, fragments, wildcards, dot segments and whatever is not spelled
    by RFC 3986 are refused.
    """
    match = _URI.fullmatch(uri)
    if match is None or len(uri) > MAX_LENGTH:  # rfc6749#3.1.2
        raise _unfit(uri, "is not an absolute URI without fragment, wildcard, space or userinfo")
    scheme, rest = match["scheme"], match["rest"]
    path, _, query = rest.partition("?")
    if _DOTS.search(path):
        raise _unfit(uri, "has `.` or `..` as a path segment")
    if _RESPONSE & {name for name, _ in parse_qsl(query, keep_blank_values=True)}:
        raise _unfit(uri, "has a query parameter that belongs to the answer")
    if scheme in {"https", "http"}:
        _check_web(uri, scheme, rest)
    elif not public or "." not in scheme.strip("."):  # rfc8252#8.4
        raise _unfit(uri, "has a scheme other than https", hint="a private-use scheme is a domain of yours, reversed")
    elif rest.startswith("//"):
        raise _unfit(uri, "has a private-use scheme and a host", hint=f"write `{scheme}:/…` with one slash")


def _check_web(uri: str, scheme: str, rest: str) -> None:
    authority = _AUTHORITY.match(rest)
    if authority is None:
        raise _unfit(uri, "has no host, or userinfo")
    if scheme == "http" and authority["host"] not in _LOOPBACK_HOSTS:  # rfc9700#2.6
        raise _unfit(uri, "has no TLS", hint="use https; http is for 127.0.0.1, [::1] and localhost")


def _unfit(uri: str, why: str, *, hint: str = "") -> Invalid:
    return Invalid(
        f"`{uri[:200]!a}` {why}".replace("`'", "`").replace("'`", "`"), reason="redirect_uri.unfit", hint=hint
    )
