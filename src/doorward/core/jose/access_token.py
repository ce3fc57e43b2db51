"""Access tokens as JWTs (RFC 9068): their claims, and the pure reading that a guard does on every call.

Liveness (revoked, family ended, user disabled) is not here: `domain.tokens.flow` asks the database, a guard its feed.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from doorward.core.errors import InvalidToken
from doorward.core.instant import Instant, Seconds, after, from_unix, to_unix
from doorward.core.jose.keys import KeySet
from doorward.core.jose.verification import require, verify

ACCESS_TOKEN_TYPE = "at+jwt"
_TYPES = frozenset({ACCESS_TOKEN_TYPE, "application/at+jwt"})

LEEWAY = Seconds(5)
"""How far in the future `iat` and `nbf` may lie: nodes' clocks differ. `exp` has no leeway."""


class AccessClaims(msgspec.Struct, frozen=True, omit_defaults=True):
    """The claims as they travel. RFC 9068 §2.2; `auth_time`, `acr`, `amr` for RFC 9470; times are NumericDates,
    whole seconds. `fam` is the family, `sid` the session, `org_id` the active organization."""

    iss: str
    sub: str
    aud: str | tuple[str, ...]
    client_id: str
    iat: int
    exp: int
    jti: str
    scope: str = ""
    nbf: int | None = None
    auth_time: int | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    fam: str | None = None
    sid: str | None = None
    org_id: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a verified access token says. `subject` is the plain id (`usr_…`, `svc_…`)."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    client_id: str
    scope: tuple[str, ...]
    issued: Instant
    expires: Instant
    jti: str
    auth_time: Instant | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    family: str | None = None
    session: str | None = None
    organization: str | None = None

    @property
    def principal(self) -> str:
        """The subject as relations write it: `user:usr_…` or `service_account:svc_…`."""
        return f"{'service_account' if self.subject.startswith('svc_') else 'user'}:{self.subject}"


def read_access_token(token: str, keys: KeySet, *, issuer: str, audience: str | None, now: Instant) -> AccessToken:
    """The access token, if this issuer signed it, for this audience, and its time has not passed. RFC 9068 §4.

    `audience` None asks for no audience: only for who decides on it afterwards. InvalidToken with `token.expired`, else
    `credential.invalid`. Does NOT know whether it was revoked, or its family, user or client are gone.
    """
    found = verify(token, keys, typ=_TYPES)
    try:
        claims = msgspec.convert(found, AccessClaims)  # rfc9068#2.2
    except msgspec.ValidationError as error:
        raise InvalidToken("the token lacks a claim of an access token", reason="credential.invalid") from error
    require(issuer != "" and claims.iss == issuer, "the token is another issuer's")  # rfc9068#4.2
    named = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    require(audience is None or audience in named, "the token is for another audience")  # rfc9068#4.3
    latest = to_unix(after(now, LEEWAY))
    require(claims.iat <= latest, "the token was issued in the future")
    require(claims.nbf is None or claims.nbf <= latest, "the token is not valid yet")  # rfc7519#4.1.5
    if claims.exp * 1_000_000 <= now:
        raise InvalidToken("the token has expired", reason="token.expired")  # rfc9068#4.8, rfc7519#4.1.4
    return AccessToken(
        issuer=claims.iss,
        subject=claims.sub,
        audience=named,
        client_id=claims.client_id,
        scope=tuple(claims.scope.split()),
        issued=from_unix(claims.iat),
        expires=from_unix(claims.exp),
        jti=claims.jti,
        auth_time=None if claims.auth_time is None else from_unix(claims.auth_time),
        acr=claims.acr,
        amr=claims.amr,
        family=claims.fam,
        session=claims.sid,
        organization=claims.org_id,
    )


def access_claims(
    *,
    issuer: str,
    subject: str,
    audience: tuple[str, ...],
    client_id: str,
    scope: tuple[str, ...],
    jti: str,
    now: Instant,
    lifetime: Seconds,
    auth_time: Instant | None = None,
    acr: str | None = None,
    amr: tuple[str, ...] = (),
    family: str | None = None,
    session: str | None = None,
    organization: str | None = None,
) -> AccessClaims:
    """The claims of a new access token. RFC 9068 §2.2. One audience is written as a string."""
    issued = to_unix(now)
    return AccessClaims(
        iss=issuer,
        sub=subject,
        aud=audience[0] if len(audience) == 1 else audience,
        client_id=client_id,
        iat=issued,
        exp=issued + lifetime,
        jti=jti,
        scope=" ".join(scope),
        auth_time=None if auth_time is None else to_unix(auth_time),
        acr=acr,
        amr=amr,
        fam=family,
        sid=session,
        org_id=organization,
    )
