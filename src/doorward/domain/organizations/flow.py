"""Making organizations, opening and closing them, members in and out. Deleting one is `lifecycle`'s."""

from __future__ import annotations

from typing import Literal

from doorward.core.access.relation import (
    ASSIGNEE,
    DEFAULT_STORE,
    MEMBER,
    PLACE,
    RELATIONS,
    ROLE_TYPE,
    Relation,
    parse_assignment,
)
from doorward.core.errors import Conflict, Exists
from doorward.core.table import Value
from doorward.domain.organizations import reads, rules
from doorward.domain.organizations.records import Organization
from doorward.ports import World, flow


@flow
async def create(world: World, id: str, name: str = "") -> Organization:
    """A new, empty organization. Errors: Invalid naming the field; Conflict `organization.exists`."""
    subject = f"organization:{id}"
    leftovers = await _rows(world, object=subject, relation=MEMBER) + await _rows(world, subject=subject)
    leftovers += await _assignments(world, subject)
    try:
        return await world.commit(rules.created(id, name, world.clock.now(), leftovers))
    except Exists:
        hint = "choose another id"
        raise Conflict(f"organization `{id}` exists already", reason="organization.exists", hint=hint) from None


@flow
async def rename(world: World, organization: str, name: str) -> Organization:
    """Give an organization another name. Errors: NotFound; Invalid."""
    return await world.commit(rules.renamed(await reads.organization(world, organization), name))


@flow
async def set_status(world: World, organization: str, status: Literal["active", "disabled"]) -> Organization:
    """Open or close an organization. Errors: NotFound."""
    return await world.commit(rules.with_status(await reads.organization(world, organization), status))


@flow
async def add_member(world: World, organization: str, subject: str) -> Relation:
    """Make a user or service account a member. Errors: NotFound for the organization; Invalid for the subject."""
    found = await reads.organization(world, organization)
    rules.membership(found, subject)
    with world.relations.still():
        known = world.catalogue.known(subject)
    return await world.commit(rules.joined(found, subject, known=known))


@flow
async def remove_member(world: World, organization: str, subject: str) -> None:
    """End a membership, and with it the roles held there: in the organization and on its objects.

    Errors: NotFound for the organization; Invalid for the subject. Somebody who is no member loses the roles all the
    same. Does NOT take away what is held through a group, or by relation.
    """
    found = await reads.organization(world, organization)
    rules.membership(found, subject)
    held = await _rows(world, subject=subject, relation=ASSIGNEE)
    gone = [row for row in held if await _is_in(world, parse_assignment(row.object)[1], found.object)]
    await world.commit(rules.left(found, subject, gone))


async def _assignments(world: World, place: str) -> list[Relation]:
    """Roles held at a place, whatever the role: looked for among all assignments."""
    statement = (
        "SELECT object, subject FROM {relations}"
        " WHERE store = $1 AND object > $2 AND object < $3 AND relation = $4 AND substr(object, -length($5)) = $5"
    )
    ends = (DEFAULT_STORE, f"{ROLE_TYPE}:", f"{ROLE_TYPE};", ASSIGNEE, f"/{place}")
    return [Relation(object, ASSIGNEE, subject) for object, subject in await world.storage.read(statement, ends)]


async def _is_in(world: World, place: str, organization: str) -> bool:
    if place == organization:
        return True
    return any(row.subject == organization for row in await _rows(world, object=place, relation=PLACE))


async def _rows(world: World, **where: str) -> list[Relation]:
    found: list[Relation] = []
    after: tuple[Value, ...] | None = None
    while page := await world.storage.page(RELATIONS, {"store": DEFAULT_STORE, **where}, after=after, limit=1000):
        found += page
        after = RELATIONS.key_of(page[-1])
    return found
