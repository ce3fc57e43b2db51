"""Permissions declared, roles made, given and taken; nobody hands out more than they hold."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from doorward.core.access.relation import assignment
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Conflict, DoorwardError, Forbidden, Invalid, NotFound
from doorward.core.instant import Seconds, after
from doorward.core.outcome import Relate, keep
from doorward.core.principal import Principal
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts.records import User
from doorward.domain.decisions import decide
from doorward.domain.groups import flow as groups
from doorward.domain.organizations import flow as organizations
from doorward.domain.organizations import reads as organization_reads
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow, reads, rules
from doorward.domain.roles.records import ADMIN_ROLE, RESOURCE_SERVERS, ResourceServer
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio

API = "https://api.example.com"


def _own(world: World) -> list[str]:
    with world.relations.still():
        return sorted(world.catalogue.permissions_of(ADMIN_ROLE))


@pytest.fixture
async def ann(world: World) -> User:
    """A user, with an API declared and a role made."""
    await flow.declare(world, API, "api", ["invoice:read", "invoice:pay"])
    await flow.put_role(world, "clerk", ["invoice:read"])
    return await accounts.create_user(world, username="ann")


async def test_an_api_declares_all_its_permissions_each_time(world: World) -> None:
    one = await flow.declare(world, API, "api", ["invoice:read", "invoice:pay", "invoice:pay"])
    assert one.permissions == ("invoice:pay", "invoice:read")
    assert await flow.declare(world, API, "api", ["invoice:pay", "invoice:read"]) == one
    two = await flow.declare(world, API, "", ["invoice:read"])
    assert (two.name, two.permissions, two.version) == (API, ("invoice:read",), 2)
    with world.relations.still():
        assert "invoice:pay" not in world.catalogue.declared()
    await flow.undeclare(world, API)
    assert await reads.resource_servers(world) == []
    with pytest.raises(NotFound):
        await flow.undeclare(world, API)


@pytest.mark.parametrize(
    "permission",
    ["", "invoice", "invoice:", ":read", "Invoice:read", "invoice:Read", "invoice:re ad", "invoice:*", "invoice:read:x",
     "1nvoice:read", "invoice:read\n", f"{'a' * 47}:b", f"b:{'a' * 47}"],
)  # fmt: skip
async def test_permissions_that_cannot_be(world: World, permission: str) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.declare(world, API, "api", [permission])
    assert caught.value.reason == "permission.malformed"


@pytest.mark.parametrize(
    "identifier",
    ["", "api", "https://a#b", "https://a b", "/api", "https://", "https://ä", "http://[", "u:" + "x" * 500],
)
async def test_identifiers_that_cannot_be(world: World, identifier: str) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.declare(world, identifier, "api", [])
    assert caught.value.reason == "resource.malformed"


async def test_a_type_belongs_to_one_api(world: World) -> None:
    await flow.declare(world, API, "api", ["invoice:read"])
    with pytest.raises(Conflict) as caught:
        await flow.declare(world, "urn:other", "other", ["invoice:write"])
    assert caught.value.reason == "type.taken"


async def test_reserved_types_are_doorwards(world: World) -> None:
    own = _own(world)
    with pytest.raises(Invalid) as caught:
        await flow.declare(world, API, "api", ["dw_invented:read"])
    assert caught.value.reason == "permission.reserved"
    assert (await flow.declare(world, API, "doorward", own)).permissions == tuple(own)


async def test_a_managed_api_is_left_to_its_file(world: World) -> None:
    server = await flow.declare(world, API, "api", ["invoice:read"], managed=True)
    for attempt in (flow.declare(world, API, "api", []), flow.undeclare(world, API)):
        with pytest.raises(Conflict) as caught:
            await attempt
        assert caught.value.reason == "resource.managed"
    assert await world.storage.get(RESOURCE_SERVERS, API) == server


async def test_a_role_is_expanded_when_it_is_written(world: World, ann: User) -> None:
    assert (await flow.put_role(world, "owner", ["invoice:*"])).permissions == ("invoice:pay", "invoice:read")
    await flow.declare(world, API, "api", ["invoice:read", "invoice:pay", "invoice:burn"])
    assert "invoice:burn" not in (await reads.role(world, "owner")).permissions
    same = await flow.put_role(world, "clerk", ["invoice:read"])
    assert same.version == 1
    changed = await flow.put_role(world, "clerk", ["invoice:read"], "reads")
    assert (changed.version, changed.description) == (2, "reads")
    assert [role.name for role in await reads.roles(world)] == ["clerk", "owner"]


async def test_an_unknown_permission_names_the_nearest(world: World, ann: User) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.put_role(world, "x", ["invoice:red"])
    assert (caught.value.reason, caught.value.hint) == ("permission.unknown", "did you mean `invoice:read`?")
    with pytest.raises(Invalid) as caught:
        await flow.put_role(world, "x", ["zzz:*"])
    assert "access.toml" in caught.value.hint


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a:b", "*", "-a", "x" * 65, "a\n"])
async def test_role_names_that_cannot_be(world: World, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.put_role(world, name, [])
    assert caught.value.reason == "role.name"


async def test_doorwards_role_is_not_edited(world: World) -> None:
    for attempt in (flow.put_role(world, ADMIN_ROLE, []), flow.delete_role(world, ADMIN_ROLE)):
        with pytest.raises(Invalid) as caught:
            await attempt
        assert caught.value.reason == "role.reserved"


async def test_deleting_a_role_takes_its_assignments(world: World, ann: User) -> None:
    await flow.put_role(world, "clerk2", ["invoice:read"])
    await organizations.create(world, "acme")
    for place in ("*", "organization:acme", "invoice:1"):
        await flow.assign(world, ann.subject, "clerk", place)
    await flow.assign(world, ann.subject, "clerk2")
    await flow.delete_role(world, "clerk")
    assert [one.role for one in await reads.assignments(world, subject=ann.subject)] == ["clerk2"]
    with pytest.raises(NotFound) as caught:
        await flow.delete_role(world, "clerk3")
    assert caught.value.hint == "did you mean `clerk2`?"
    with pytest.raises(NotFound) as caught:
        await flow.delete_role(world, "zzz")
    assert caught.value.hint == "see `doorward role list`"


async def test_a_role_of_an_old_name_is_held_by_nobody(world: World, ann: User) -> None:
    await world.commit(keep(None, Relate(assignment("ghost", "*", ann.subject))))
    await flow.put_role(world, "ghost", ["invoice:read"])
    assert await reads.assignments(world, role="ghost") == []


async def test_a_managed_role_is_left_to_its_file(world: World, ann: User) -> None:
    await flow.put_role(world, "boss", ["invoice:read"], managed=True)
    for attempt in (flow.put_role(world, "boss", []), flow.delete_role(world, "boss")):
        with pytest.raises(Conflict) as caught:
            await attempt
        assert caught.value.reason == "role.managed"


async def test_assigning_in_an_organization_makes_a_member(world: World, ann: User) -> None:
    await organizations.create(world, "acme")
    await groups.create(world, "staff")
    await flow.assign(world, ann.subject, "clerk", "organization:acme")
    await flow.assign(world, ann.subject, "clerk", "organization:acme")
    await flow.assign(world, "group:staff#member", "clerk", "organization:acme")
    assert await organization_reads.members(world, "acme") == [ann.subject]
    held = await reads.assignments(world, place="organization:acme")
    assert [one.subject for one in held] == ["group:staff#member", ann.subject]


async def test_assignments_are_listed_each_way(world: World, ann: User) -> None:
    await organizations.create(world, "acme")
    await flow.assign(world, ann.subject, "clerk")
    await flow.assign(world, ann.subject, "clerk", "organization:acme")
    await flow.assign(world, ann.subject, ADMIN_ROLE)
    assert len(await reads.assignments(world, subject=ann.subject)) == 3
    assert len(await reads.assignments(world, subject=ann.subject, role="clerk")) == 2
    assert len(await reads.assignments(world, role="clerk")) == 2
    assert {one.role for one in await reads.assignments(world, place="*")} == {"clerk", ADMIN_ROLE}
    assert len(await reads.assignments(world, place="*", role="clerk")) == 1
    with pytest.raises(Invalid):
        await reads.assignments(world)
    first = await reads.page_of_assignments(world, limit=2)
    rest = await reads.page_of_assignments(world, after=first[-1], limit=2)
    assert [(one.role, one.place) for one in first + rest] == [
        ("clerk", "*"), ("clerk", "organization:acme"), (ADMIN_ROLE, "*")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "subject,role,place,reason",
    [
        ("user:nobody", "clerk", "*", "subject.unknown"),
        ("group:nobody#member", "clerk", "*", "subject.unknown"),
        ("user:*", "clerk", "*", "subject.refused"),
        ("group:x", "clerk", "*", "subject.refused"),
        ("organization:x#member", "clerk", "*", "subject.refused"),
        ("ann", "clerk", "*", "subject.malformed"),
        (None, "nothing", "*", "role.unknown"),
        (None, "clerk", "organization:nowhere", "organization.unknown"),
        (None, "clerk", "", "place.malformed"),
        (None, "clerk", "invoice", "place.malformed"),
        (None, "clerk", "invoice:1 ", "place.malformed"),
        (None, "clerk", "dw_role:x", "place.malformed"),
    ],
)
async def test_who_what_and_where_must_exist(
    world: World, ann: User, subject: str | None, role: str, place: str, reason: str
) -> None:
    with pytest.raises(DoorwardError) as caught:
        await flow.assign(world, subject or ann.subject, role, place)
    assert caught.value.reason == reason
    assert await reads.assignments(world, subject=ann.subject) == []


async def test_a_role_is_taken_where_it_is_held(world: World, ann: User) -> None:
    await flow.assign(world, ann.subject, "clerk", "invoice:1")
    with pytest.raises(NotFound) as caught:
        await flow.unassign(world, ann.subject, "clerk")
    assert caught.value.hint == "it is held at `invoice:1`"
    await flow.unassign(world, ann.subject, "clerk", "invoice:1")
    with pytest.raises(NotFound) as caught:
        await flow.unassign(world, ann.subject, "clerk", "invoice:1")
    assert caught.value.hint == ""


async def test_an_assignment_may_end_by_itself(world: World, ann: User, clock: FakeClock) -> None:
    await flow.assign(world, ann.subject, "clerk", expires=after(clock.now(), Seconds(60)))
    who = Principal(ann.subject, "session")
    assert decide(world, who, "invoice:read")
    clock.advance(60)
    assert not decide(world, who, "invoice:read")


async def _refused(world: World, attempts: Iterable[object]) -> int:
    return len([event for event in await world.storage.page(AUDIT_EVENTS) if event.reason == "escalation"])


async def test_nobody_hands_out_more_than_they_hold(world: World, ann: User) -> None:
    own = _own(world)
    await organizations.create(world, "acme")
    await organizations.create(world, "globex")
    await relations.place(world, "invoice:1", "acme")
    lead = await accounts.create_user(world, username="lead")
    await flow.put_role(world, "helper", [own[0]])
    await flow.assign(world, lead.subject, "helper", "organization:acme")
    by = Principal(lead.subject, "session")

    for place in ("*", "organization:globex", "invoice:2"):
        with pytest.raises(Forbidden) as caught:
            await flow.assign(world, ann.subject, "helper", place, by=by)
        assert caught.value.reason == "escalation"
    for place in ("organization:acme", "invoice:1"):
        with pytest.raises(Forbidden):
            await flow.assign(world, ann.subject, ADMIN_ROLE, place, by=by)
    with pytest.raises(Forbidden):
        await flow.put_role(world, "more", [own[0]], by=by)
    with pytest.raises(Forbidden):
        await flow.put_role(world, "clerk", ["invoice:read", own[0]], by=by)
    assert await reads.assignments(world, subject=ann.subject) == []
    assert await _refused(world, ()) == 7

    for place in ("organization:acme", "invoice:1"):
        await flow.assign(world, ann.subject, "helper", place, by=by)
    await flow.assign(world, ann.subject, "clerk", by=by)


async def test_the_credential_bounds_what_is_handed_out(world: World, ann: User) -> None:
    own = _own(world)
    await organizations.create(world, "acme")
    root = await accounts.create_user(world, username="root")
    await flow.assign(world, root.subject, ADMIN_ROLE)
    await flow.put_role(world, "helper", [own[0]])
    narrow = Principal(root.subject, "token", scopes=frozenset({"dw_other:read"}))
    elsewhere = Principal(root.subject, "session", organization="acme")
    for by in (narrow, elsewhere, Principal("user:gone", "session")):
        with pytest.raises(Forbidden):
            await flow.assign(world, ann.subject, "helper", by=by)
    await organizations.set_status(world, "acme", "disabled")
    with pytest.raises(Forbidden):
        await flow.assign(world, ann.subject, "helper", "organization:acme", by=Principal(root.subject, "session"))
    await flow.assign(world, ann.subject, "helper", by=Principal(root.subject, "session"))
    await flow.assign(world, ann.subject, ADMIN_ROLE, by=Principal("", "operator"))
    await flow.put_role(world, "more", own, by=Principal(root.subject, "session"))


def test_a_declaration_keeps_what_is_the_same(clock: FakeClock) -> None:
    server = ResourceServer(API, "api", ("a:b",), managed=True, created=clock.now())
    outcome = rules.declaration(
        server, [], (), identifier=API, name="api", permissions=["a:b"], managed=True, now=clock.now()
    )
    assert outcome.reply is server
    assert outcome.changes == ()
