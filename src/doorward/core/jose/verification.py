"""Reading a compact JWS that somebody sent: RFC 7515 §5.2, with the advice of RFC 8725.

The order is fixed: shape and size, header, key by `kid` among ours, algorithm of that key, signature, claims. Nothing
in the token chooses how it is verified. Every failure is the same InvalidToken (`credential.invalid`).
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from doorward.core.errors import InvalidToken
from doorward.core.jose.encoding import decode, json_object
from doorward.core.jose.keys import KID_LIMIT, KeySet

TOKEN_LIMIT = 16_384
"""Characters of a token, at most: what is longer is refused unread."""

_EMBEDDED = frozenset({"jwk", "jku", "x5u", "x5c"})
_UNSUPPORTED = frozenset({"crit", "b64", "zip", "enc"})


@dataclass(frozen=True, slots=True)
class Header:
    """What we use of a JOSE header. `typ` is empty when there is none."""

    alg: str
    kid: str
    typ: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A JWS whose signature holds."""

    header: Header
    payload: bytes


def verify_jws(token: str, keys: KeySet) -> Verified:
    """The payload of a compact JWS signed by one of `keys`; InvalidToken otherwise. RFC 7515 §5.2.

    Does NOT look at `typ`, and the payload may be anything: for tokens there is `verify`.
    """
    require(len(token) <= TOKEN_LIMIT, "the token is too long")
    parts = token.split(".")
    require(len(parts) == 3, "a token has three parts")  # rfc7515#5.2.1
    try:
        header, payload, signature = _header(parts[0]), decode(parts[1]), decode(parts[2])
    except ValueError as error:
        raise InvalidToken("the token is malformed", reason="credential.invalid") from error
    key = keys.get(header.kid)
    if key is None:
        raise InvalidToken("the token is signed by an unknown key", reason="credential.invalid")
    require(header.alg == key.algorithm, "the token's `alg` is not its key's")  # rfc8725#3.1
    require(key.verify(token[: -len(parts[2]) - 1].encode(), signature), "the signature does not hold")  # rfc7515#5.2.8
    return Verified(header, payload)


def verify(token: str, keys: KeySet, *, typ: Collection[str]) -> dict[str, Any]:
    """The claims of a JWT signed by one of `keys` and of one of these kinds; InvalidToken otherwise. RFC 7519 §7.2.

    Does NOT look into the claims: issuer, audience and times are the caller's.
    """
    verified = verify_jws(token, keys)
    require(verified.header.typ in typ, "the token is of another kind")  # rfc8725#3.11, rfc9068#4.1
    try:
        return json_object(verified.payload)
    except ValueError as error:
        raise InvalidToken("the token's claims are malformed", reason="credential.invalid") from error


def key_id(token: str) -> str | None:
    """The `kid` a token names, for a look-up before it is verified; None when the token is malformed.

    Does NOT verify anything.
    """
    try:
        return _header(token.split(".", 1)[0]).kid if len(token) <= TOKEN_LIMIT else None
    except (ValueError, InvalidToken):
        return None


def require(holds: bool, description: str) -> None:
    """InvalidToken (`credential.invalid`) unless it holds."""
    if not holds:
        raise InvalidToken(description, reason="credential.invalid")


@functools.lru_cache(maxsize=256)  # our own headers are few; a flood of others only costs their parsing
def _header(text: str) -> Header:
    header = json_object(decode(text))
    alg, kid, typ = header.get("alg"), header.get("kid"), header.get("typ", "")
    require(not _UNSUPPORTED & header.keys(), "a header parameter is not supported")  # rfc7515#4.1.11
    require(not _EMBEDDED & header.keys(), "a token must not bring its own key")  # rfc8725#3.10
    if not (isinstance(alg, str) and isinstance(kid, str) and isinstance(typ, str)):
        raise InvalidToken("the token's `alg`, `kid` and `typ` must be strings", reason="credential.invalid")
    require(0 < len(kid) <= KID_LIMIT, "the token's `kid` is empty or too long")
    return Header(alg, kid, typ)
