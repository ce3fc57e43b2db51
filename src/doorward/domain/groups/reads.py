"""Looking up groups and their members."""

from __future__ import annotations

import difflib

from doorward.core.access.relation import DEFAULT_STORE, MEMBER, RELATIONS, shown
from doorward.core.errors import NotFound
from doorward.domain.groups.records import GROUPS, Group
from doorward.ports import World


async def group(world: World, id: str) -> Group:
    """The group with this id (`staff`, `group:staff` or `group:staff#member`). NotFound names the nearest."""
    id = id.removeprefix("group:").removesuffix(f"#{MEMBER}")
    found = await world.storage.get(GROUPS, id)
    if found is None:
        near = difflib.get_close_matches(id, [one.id for one in await groups(world, limit=1000)], n=1)
        hint = f"did you mean `{near[0]}`?" if near else ""
        raise NotFound(f"there is no group `{shown(id)}`", reason="group.unknown", hint=hint)
    return found


async def groups(world: World, *, after: str = "", limit: int = 50) -> list[Group]:
    """Up to `limit` groups in order of their ids, behind the id `after`."""
    return await world.storage.page(GROUPS, after=(after,) if after else None, limit=limit)


async def members(world: World, id: str, *, after: str = "", limit: int = 50) -> list[str]:
    """Up to `limit` direct members' subjects, in order, behind the subject `after`."""
    object = f"group:{id.removeprefix('group:')}"
    where = {"store": DEFAULT_STORE, "object": object, "relation": MEMBER}
    behind = (DEFAULT_STORE, object, MEMBER, after) if after else None
    return [row.subject for row in await world.storage.page(RELATIONS, where, after=behind, limit=limit)]
