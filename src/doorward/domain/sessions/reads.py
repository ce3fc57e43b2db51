"""Whose sessions there are."""

from __future__ import annotations

from doorward.domain.sessions.records import SESSIONS, Session
from doorward.ports import World


async def of_user(
    world: World, user_id: str, *, after: str | None = None, limit: int = 100, latest_first: bool = False
) -> list[Session]:
    """The user's live sessions in order of their beginning, behind the session id `after`."""
    behind = (after,) if after else None
    return await world.storage.page(SESSIONS, {"user": user_id}, after=behind, limit=limit, descending=latest_first)


async def by_id(world: World, id: str) -> Session | None:
    """The live session with this public id."""
    return await world.storage.get(SESSIONS, id)
