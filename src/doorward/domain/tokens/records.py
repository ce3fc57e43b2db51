"""What outlives a signed access token: the family it belongs to, and the list of those revoked one by one.

An access token is a JWT (RFC 9068) and not stored. It is alive while its signature and times hold, its `jti` is not
revoked, its family (`fam` claim, when a person consented to it) exists, and its subject and client are active.
"""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Family:
    """All tokens that came of one authorization. `session` is None when it outlives the session (`offline_access`).
    Deleting the row ends them all. `id` is `fam_…`; `code` is the digest of the code it was redeemed from."""

    id: str
    user: str
    client: str
    scope: tuple[str, ...]
    audience: str
    created: Instant
    expires: Instant
    session: str | None = None
    organization: str | None = None
    code: str | None = None
    version: int = 1


FAMILIES = Table(
    "families",
    Family,
    key=("id",),
    unique=(("code",),),
    lookup=(("user", "client"), ("client", "id"), ("session", "id")),
    expires="expires",
    versioned=True,
    watched=True,
    ephemeral=True,
)


@dataclass(frozen=True, slots=True)
class RevokedToken:
    """An access token revoked before its time, remembered until it would have ended."""

    jti: str
    expires: Instant


REVOKED_TOKENS = Table("revoked_tokens", RevokedToken, key=("jti",), expires="expires", watched=True)
