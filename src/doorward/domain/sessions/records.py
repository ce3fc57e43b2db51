"""Server-side browser sessions. The cookie holds a secret of which only the digest is kept."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `id` is `ses_…` and public; `digest` is of the cookie's secret, which is rotated at every
    sign-in. `expires` is the earlier of idle and absolute (`ends`)."""

    id: str
    digest: str
    user: str
    created: Instant
    last_seen: Instant
    expires: Instant
    ends: Instant
    auth_time: Instant
    acr: str
    amr: tuple[str, ...]
    organization: str | None = None
    address: str = ""
    agent: str = ""
    version: int = 1


SESSIONS = Table(
    "sessions",
    Session,
    key=("id",),
    unique=(("digest",),),
    lookup=(("user", "id"),),
    expires="expires",
    versioned=True,
    watched=True,
    ephemeral=True,
)
