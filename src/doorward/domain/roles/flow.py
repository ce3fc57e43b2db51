"""Declaring permissions, making roles, giving and taking them. `by` is the caller, None for the machine's operator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doorward.core.access.relation import EVERYWHERE, Relation, shown
from doorward.core.errors import Exists, LostRace, NotFound
from doorward.core.instant import Instant
from doorward.core.principal import Principal
from doorward.domain.organizations import reads as organizations
from doorward.domain.relations import reads as relations
from doorward.domain.roles import planning, reads, rules
from doorward.domain.roles.access_file import AccessFile
from doorward.domain.roles.planning import Plan
from doorward.domain.roles.records import ADMIN_ROLE, RESOURCE_SERVERS, ROLES, ResourceServer, Role
from doorward.ports import World, flow


@flow
async def declare(
    world: World, identifier: str, name: str, permissions: Sequence[str], *, managed: bool = False
) -> ResourceServer:
    """Declare an API (resource server) with all its permissions. Errors: see `rules.declaration`."""
    servers = await reads.resource_servers(world)
    outcome = rules.declaration(
        next((server for server in servers if server.identifier == identifier), None),
        [server for server in servers if server.identifier != identifier],
        _own(world),
        identifier=identifier,
        name=name,
        permissions=permissions,
        managed=managed,
        now=world.clock.now(),
    )
    try:
        return await world.commit(outcome)
    except Exists:
        raise LostRace("the API was declared meanwhile") from None


@flow
async def undeclare(world: World, identifier: str) -> None:
    """Remove an API and its permissions. Errors: NotFound; Conflict when access.toml names it."""
    server = await world.storage.get(RESOURCE_SERVERS, identifier)
    if server is None:
        raise NotFound(f"there is no API `{shown(identifier)}`", reason="resource.unknown")
    await world.commit(rules.undeclared(server))


@flow
async def put_role(
    world: World,
    name: str,
    permissions: Iterable[str],
    description: str = "",
    managed: bool = False,
    *,
    by: Principal | None = None,
) -> Role:
    """Make a role, or make it hold exactly these permissions (`invoice:*` is expanded now).

    Errors: Invalid naming the permission; Conflict `role.managed`; Forbidden `escalation`.
    """
    rules.role_name(name)
    with world.relations.still():
        declared, held = world.catalogue.declared(), relations.held_at(world, by, EVERYWHERE)
    current = await world.storage.get(ROLES, name)
    outcome = rules.role(
        current,
        name=name,
        permissions=rules.expand(permissions, declared),
        description=description,
        managed=managed,
        now=world.clock.now(),
        held=held,
        leftovers=await relations.assignments_of_role(world, name) if current is None else (),
    )
    try:
        return await world.commit(outcome)
    except Exists:
        raise LostRace("the role was made meanwhile") from None


@flow
async def delete_role(world: World, name: str) -> None:
    """Delete a role and every assignment of it. Errors: NotFound; Conflict `role.managed`; Invalid for doorward's."""
    rules.role_name(name)
    current = await reads.role(world, name)
    await world.commit(rules.role_deleted(current, await relations.assignments_of_role(world, name)))


@flow
async def assign(
    world: World,
    subject: str,
    role: str,
    place: str = EVERYWHERE,
    *,
    by: Principal | None = None,
    expires: Instant | None = None,
) -> Relation:
    """Give a role to a user, service account or group: everywhere (`*`), in an organization, or on an object.

    Errors: NotFound for the role, organization or subject; Invalid for a malformed one; Forbidden `escalation` when
    the role holds permissions of doorward's own that the caller doesn't hold there.
    """
    rules.assignee(subject)
    where = rules.split_place(place)
    record = None if role == ADMIN_ROLE else await reads.role(world, role)
    organization = await organizations.organization(world, where.id) if where.type == "organization" else None
    with world.relations.still():
        if not world.catalogue.known(subject):
            raise NotFound(f"there is no `{shown(subject)}`", reason="subject.unknown", hint="see `doorward user list`")
        held = relations.held_at(world, by, place)
        given = _own(world) if record is None else frozenset(record.permissions)
        member = organization is not None and world.relations.holds(organization.object, "member", subject)
    outcome = rules.assigned(
        role=role,
        record=record,
        place=place,
        subject=subject,
        organization=organization,
        member=member,
        permissions=given,
        held=held,
        expires=expires,
    )
    return await world.commit(outcome)


@flow
async def unassign(world: World, subject: str, role: str, place: str = EVERYWHERE) -> None:
    """Take a role away. Errors: NotFound `assignment.unknown`, naming where it is held instead."""
    rules.assignee(subject)
    rules.split_place(place)
    held = await reads.assignments(world, subject=subject, role=role)
    if place not in [one.place for one in held]:
        hint = f"it is held at {', '.join(f'`{one.place}`' for one in held)}" if held else ""
        raise NotFound(f"`{subject}` doesn't hold `{shown(role)}` there", reason="assignment.unknown", hint=hint)
    await world.commit(rules.unassigned(role, place, subject))


@flow
async def plan(world: World, file: AccessFile) -> Plan:
    """What applying the file would add, change and remove. Changes nothing. Errors: as `apply`."""
    return (await _planned(world, file)).plan


@flow
async def apply(world: World, file: AccessFile) -> Plan:
    """Make permissions, roles and the model equal to the file, in one batch; what it did.

    Only what the file made is changed or removed. Errors: Invalid and ModelError naming the place; Conflict where
    something made at run time has the name. Does NOT touch assignments, but those of a removed role go with it.
    """
    found = await _planned(world, file)
    try:
        return await world.commit(planning.applied(found))
    except Exists:
        raise LostRace("another process made one of these meanwhile") from None


async def _planned(world: World, file: AccessFile) -> planning.Planned:
    state = planning.State(
        servers=tuple(await reads.resource_servers(world)),
        roles=tuple(await reads.roles(world)),
        model=await relations.current_model(world),
        own=_own(world),
        resource=world.settings.resource,
        model_id=world.new_id("mod"),
        now=world.clock.now(),
    )
    emptied = planning.emptied_roles(file, state)
    assignments = [row for role in emptied for row in await relations.assignments_of_role(world, role)]
    return planning.planned(file, state, assignments)


def _own(world: World) -> frozenset[str]:
    with world.relations.still():
        return world.catalogue.permissions_of(ADMIN_ROLE)
