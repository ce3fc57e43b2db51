"""Which keys there are. The secret is in none of them."""

from __future__ import annotations

from doorward.core.errors import NotFound
from doorward.domain.api_keys.records import API_KEYS, ApiKey
from doorward.ports import World


async def of_owner(world: World, owner: str, *, after: str | None = None, limit: int = 100) -> list[ApiKey]:
    """The live keys of a subject (`user:ID`), oldest first, behind the key id `after`."""
    return await world.storage.page(API_KEYS, {"owner": owner}, after=(after,) if after else None, limit=limit)


async def all_keys(world: World, *, after: str | None = None, limit: int = 100) -> list[ApiKey]:
    """Every live key, oldest first, behind the key id `after`."""
    return await world.storage.page(API_KEYS, after=(after,) if after else None, limit=limit)


async def api_key(world: World, id: str) -> ApiKey:
    """The live key with this public id, or NotFound `api_key.unknown`."""
    key = await world.storage.get(API_KEYS, id)
    if key is None:
        raise NotFound("there is no such API key", reason="api_key.unknown")
    return key
