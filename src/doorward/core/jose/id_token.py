"""ID tokens: what a client is told about a sign-in, and our own coming back as a hint. OpenID Connect Core §2."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from doorward.core.errors import InvalidToken
from doorward.core.instant import Instant, Seconds, from_unix, to_unix
from doorward.core.jose.algorithms import Algorithm
from doorward.core.jose.encoding import encode
from doorward.core.jose.keys import KeySet
from doorward.core.jose.verification import require, verify

ID_TOKEN_TYPE = "JWT"

_OURS = frozenset({"iss", "sub", "aud", "azp", "exp", "iat", "nonce", "auth_time", "acr", "amr", "sid", "at_hash"})


@dataclass(frozen=True, slots=True)
class IdTokenHint:
    """What one of our own id tokens says when it comes back."""

    subject: str
    audience: tuple[str, ...]
    session: str | None
    expires: Instant


def id_claims(
    *,
    issuer: str,
    subject: str,
    client_id: str,
    now: Instant,
    lifetime: Seconds,
    nonce: str | None = None,
    auth_time: Instant | None = None,
    acr: str | None = None,
    amr: tuple[str, ...] = (),
    session: str | None = None,
    at_hash: str | None = None,
    audience: tuple[str, ...] = (),
    extra: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The claims of a new id token. OpenID Connect Core §2, §3.1.3.6.

    `audience` is who else may read it; then `azp` names the client. `extra` (name, email …) can't replace ours.
    """
    issued = to_unix(now)
    others = tuple(one for one in audience if one != client_id)
    claims: dict[str, Any] = {name: value for name, value in (extra or {}).items() if name not in _OURS}
    claims |= {"iss": issuer, "sub": subject, "aud": [client_id, *others] if others else client_id}
    claims |= {"iat": issued, "exp": issued + lifetime}
    optional = {
        "azp": client_id if others else None,
        "nonce": nonce,
        "auth_time": None if auth_time is None else to_unix(auth_time),
        "acr": acr,
        "amr": list(amr) or None,
        "sid": session,
        "at_hash": at_hash,
    }
    return claims | {name: value for name, value in optional.items() if value is not None}


def token_hash(token: str, algorithm: Algorithm) -> str:
    """`at_hash`: the left half of the token's hash, by the hash of the signature's algorithm. OIDC Core §3.1.3.6."""
    full = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(token.encode()).digest()
    return encode(full[: len(full) // 2])


def read_id_token_hint(token: str, keys: KeySet, *, issuer: str) -> IdTokenHint:
    """An id token of our own, sent back as `id_token_hint`; InvalidToken otherwise. OIDC Core §3.1.2.1.

    An expired one is accepted: RP-Initiated Logout §4. Does NOT prove who is at the browser, nor check the audience:
    the caller compares it with its client.
    """
    claims = verify(token, keys, typ=(ID_TOKEN_TYPE,))
    require(issuer != "" and claims.get("iss") == issuer, "the id token is another issuer's")  # oidc-core#3.1.2.1.hint
    subject, audience, session = claims.get("sub"), claims.get("aud"), claims.get("sid")
    named = [audience] if isinstance(audience, str) else audience
    if not (
        isinstance(subject, str)
        and isinstance(named, list)
        and all(isinstance(one, str) for one in named)
        and (session is None or isinstance(session, str))
        and type(claims.get("exp")) is int
    ):
        raise InvalidToken("the id token's claims are malformed", reason="credential.invalid")
    return IdTokenHint(subject, tuple(named), session, from_unix(claims["exp"]))
