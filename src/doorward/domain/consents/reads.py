"""Look consents up."""

from __future__ import annotations

from doorward.domain.consents.records import CONSENTS, Consent
from doorward.ports import World


async def consent(world: World, user: str, client: str) -> Consent | None:
    """What this user (`usr_…`) allowed this client, or None."""
    return await world.storage.get(CONSENTS, user, client)


async def consents(world: World, user: str, *, after: str | None = None, limit: int = 100) -> list[Consent]:
    """One user's consents in order of client_id, beginning behind the client `after`."""
    behind = None if after is None else (user, after)
    return await world.storage.page(CONSENTS, {"user": user}, after=behind, limit=limit)
