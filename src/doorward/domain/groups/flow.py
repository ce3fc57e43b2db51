"""Making groups, letting members in and out, deleting groups. `by` is the caller, None for the machine's operator."""

from __future__ import annotations

from doorward.core.access.relation import MEMBER, Relation
from doorward.core.errors import Conflict, Exists, Forbidden
from doorward.core.principal import Principal
from doorward.domain.groups import reads, rules
from doorward.domain.groups.records import Group
from doorward.domain.relations import reads as relations
from doorward.domain.relations.rules import escalation
from doorward.ports import World, flow


@flow
async def create(world: World, id: str, name: str = "") -> Group:
    """A new, empty group. Errors: Invalid naming the field; Conflict `group.exists`."""
    try:
        return await world.commit(rules.created(id, name, world.clock.now(), await _rows_of(world, id)))
    except Exists:
        hint = "choose another id"
        raise Conflict(f"group `{id}` exists already", reason="group.exists", hint=hint) from None


@flow
async def rename(world: World, group: str, name: str) -> Group:
    """Give a group another name. Errors: NotFound; Invalid."""
    return await world.commit(rules.renamed(await reads.group(world, group), name))


@flow
async def delete(world: World, group: str) -> None:
    """Delete a group with its memberships and all that is held through it. Errors: NotFound."""
    found = await reads.group(world, group)
    await world.commit(rules.deleted(found, await _rows_of(world, found.id)))


@flow
async def add_member(world: World, group: str, subject: str, *, by: Principal | None = None) -> Relation:
    """Let a user, service account or group in. Groups may contain each other in a circle: it adds nobody.

    Errors: NotFound for the group; Invalid for the subject; Forbidden `escalation` when the group, or one it is in,
    holds permissions of doorward's own that the caller doesn't hold there.
    """
    found = await reads.group(world, group)
    row = rules.membership(found, subject)
    with world.relations.still():
        known = world.catalogue.known(row.subject)
        error = _escalation(world, found, by)
    return await world.commit(rules.joined(found, row, known=known, error=error))


@flow
async def remove_member(world: World, group: str, subject: str) -> None:
    """Take a member out; nothing happens if it is none. Errors: NotFound for the group; Invalid for the subject."""
    found = await reads.group(world, group)
    await world.commit(rules.left(found, rules.membership(found, subject)))


def _escalation(world: World, group: Group, by: Principal | None) -> Forbidden | None:
    for held in relations.roles_of(world.relations, group.members):
        given = world.catalogue.permissions_of(held.role)
        error = escalation(relations.held_at(world, by, held.place), given)
        if error is not None:
            return error
    return None


async def _rows_of(world: World, id: str) -> list[Relation]:
    object = f"group:{id}"
    return await relations.rows(world, object=object, relation=MEMBER) + await relations.rows(
        world, subject=f"{object}#{MEMBER}"
    )
