"""Looking up roles, APIs and assignments."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from doorward.core.access.relation import (
    ASSIGNEE,
    DEFAULT_STORE,
    RELATIONS,
    RESERVED,
    ROLE_TYPE,
    Relation,
    parse_assignment,
    shown,
)
from doorward.core.errors import Invalid, NotFound
from doorward.core.instant import Instant
from doorward.domain.relations import reads as relations
from doorward.domain.roles.records import RESOURCE_SERVERS, ROLES, ResourceServer, Role
from doorward.ports import World


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who holds which role where, until when."""

    subject: str
    role: str
    place: str
    expires: Instant | None = None


async def role(world: World, name: str) -> Role:
    """The role with this name. NotFound names the nearest."""
    found = await world.storage.get(ROLES, name)
    if found is None:
        near = difflib.get_close_matches(name, [one.name for one in await roles(world)], n=1)
        hint = f"did you mean `{near[0]}`?" if near else "see `doorward role list`"
        raise NotFound(f"there is no role `{shown(name)}`", reason="role.unknown", hint=hint)
    return found


async def roles(world: World) -> list[Role]:
    """Every role that is written down, by name. Does NOT include doorward's own."""
    found: list[Role] = []
    while page := await world.storage.page(ROLES, after=(found[-1].name,) if found else None, limit=1000):
        found += page
    return [one for one in found if not one.name.startswith(RESERVED)]


async def resource_servers(world: World) -> list[ResourceServer]:
    """Every API with its permissions."""
    found: list[ResourceServer] = []
    while page := await world.storage.page(
        RESOURCE_SERVERS, after=(found[-1].identifier,) if found else None, limit=1000
    ):
        found += page
    return found


async def assignments(
    world: World, *, subject: str | None = None, role: str | None = None, place: str | None = None
) -> list[Assignment]:
    """Assignments of a subject, of a role, or at a place; several narrow each other. Invalid when none is given."""
    if role is not None and place is not None:
        rows = await relations.rows(world, object=f"{ROLE_TYPE}:{role}/{place}", relation=ASSIGNEE)
    elif subject is not None:
        rows = await relations.rows(world, subject=subject, relation=ASSIGNEE)
    elif role is not None:
        rows = await relations.assignments_of_role(world, role)
    elif place is not None:
        rows = await _at(world, place)
    else:
        raise Invalid("name a subject, a role or a place", reason="filter.invalid")
    found = [Assignment(row.subject, *parse_assignment(row.object), row.expires) for row in rows]
    return [
        one
        for one in found
        if subject in (None, one.subject) and role in (None, one.role) and place in (None, one.place)
    ]


async def _at(world: World, place: str) -> list[Relation]:
    names = [*(one.name for one in await roles(world)), f"{RESERVED}admin"]
    rows: list[Relation] = []
    for name in names:
        rows += await relations.rows(world, object=f"{ROLE_TYPE}:{name}/{place}", relation=ASSIGNEE)
    return rows


async def page_of_assignments(world: World, *, after: Assignment | None = None, limit: int = 50) -> list[Assignment]:
    """Up to `limit` of all assignments, in the order of role, place and subject, behind the one `after`."""
    start = (f"{ROLE_TYPE}:", "", "") if after is None else (_object(after), ASSIGNEE, after.subject)
    page = await world.storage.page(RELATIONS, {"store": DEFAULT_STORE}, after=(DEFAULT_STORE, *start), limit=limit)
    rows = [row for row in page if row.object.startswith(f"{ROLE_TYPE}:")]
    return [Assignment(row.subject, *parse_assignment(row.object), row.expires) for row in rows]


def _object(one: Assignment) -> str:
    return f"{ROLE_TYPE}:{one.role}/{one.place}"
