"""Look clients up."""

from __future__ import annotations

from difflib import get_close_matches

from doorward.core.errors import NotFound
from doorward.core.oauth.client import Client
from doorward.domain.clients.records import CLIENTS
from doorward.ports import World

_NEAREST_AMONG = 500


async def client(world: World, client_id: str) -> Client:
    """The client with this id, disabled or not. NotFound names the nearest."""
    found = await world.storage.get(CLIENTS, client_id)
    if found is not None:
        return found
    some = [one.client_id for one in await clients(world, limit=_NEAREST_AMONG)]
    nearest = get_close_matches(client_id, some, n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else ""
    raise NotFound(f"there is no client `{client_id[:64]}`", reason="client.unknown", hint=hint)


async def clients(world: World, *, after: str | None = None, limit: int = 100) -> list[Client]:
    """Clients in order of their id, beginning behind `after`."""
    return await world.storage.page(CLIENTS, after=None if after is None else (after,), limit=limit)
