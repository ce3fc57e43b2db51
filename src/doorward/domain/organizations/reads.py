"""Looking up organizations and their members."""

from __future__ import annotations

import difflib

from doorward.core.access.relation import DEFAULT_STORE, MEMBER, RELATIONS, shown
from doorward.core.errors import NotFound
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.ports import World


async def organization(world: World, id: str) -> Organization:
    """The organization with this id (`acme` or `organization:acme`). NotFound names the nearest."""
    id = id.removeprefix("organization:")
    found = await world.storage.get(ORGANIZATIONS, id)
    if found is None:
        near = difflib.get_close_matches(id, [one.id for one in await organizations(world, limit=1000)], n=1)
        hint = f"did you mean `{near[0]}`?" if near else ""
        raise NotFound(f"there is no organization `{shown(id)}`", reason="organization.unknown", hint=hint)
    return found


async def organizations(world: World, *, after: str = "", limit: int = 50) -> list[Organization]:
    """Up to `limit` organizations in order of their ids, behind the id `after`."""
    return await world.storage.page(ORGANIZATIONS, after=(after,) if after else None, limit=limit)


async def members(world: World, id: str, *, after: str = "", limit: int = 50) -> list[str]:
    """Up to `limit` members' subjects, in order, behind the subject `after`."""
    object = f"organization:{id.removeprefix('organization:')}"
    where = {"store": DEFAULT_STORE, "object": object, "relation": MEMBER}
    behind = (DEFAULT_STORE, object, MEMBER, after) if after else None
    return [row.subject for row in await world.storage.page(RELATIONS, where, after=behind, limit=limit)]
