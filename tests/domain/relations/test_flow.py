"""Writing relations and models, and placing objects."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from doorward.core.access.model import ModelError
from doorward.core.access.relation import DEFAULT_STORE, PLACE, RELATIONS, Relation
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Conflict, DoorwardError, Invalid, NotFound
from doorward.core.outcome import Relate, keep
from doorward.domain.organizations import flow as organizations
from doorward.domain.relations import flow, reads, rules
from doorward.domain.relations.records import ModelVersion
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio

MODEL = """model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
    define owner: [user]
type invoice
  relations
    define viewer: [user, group#member]
    define public: [user:*]
    define can_read: viewer or public
"""
ROW = Relation("invoice:1", "viewer", "user:ann")


async def _actions(world: World) -> list[str]:
    return [event.action for event in await world.storage.page(AUDIT_EVENTS)]


async def test_rows_are_written_removed_and_audited(world: World) -> None:
    await flow.write_model(world, MODEL)
    other = replace(ROW, subject="group:staff#member")
    await flow.write(world, add=[ROW, other])
    assert [row.subject for row in await reads.rows(world, object="invoice:1")] == ["group:staff#member", "user:ann"]
    await flow.write(world, remove=[other], add=[Relation("invoice:1", "public", "user:*")])
    assert [row.subject for row in await reads.rows(world, object="invoice:1")] == ["user:*", "user:ann"]
    events = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "relation.write"]
    assert {event.target for event in events} == {"invoice:1"}
    told = [event.data["relations"] for event in events]
    assert ["+ invoice:1 public user:*", "- invoice:1 viewer group:staff#member"] in told


async def test_writing_nothing_is_nothing(world: World) -> None:
    await flow.write(world)
    assert await _actions(world) == []


@pytest.mark.parametrize(
    "row,reason,hint",
    [
        (Relation("invoice", "viewer", "user:ann"), "object.malformed", "type:id"),
        (Relation("invoice:1", "viewer", "ann"), "subject.malformed", "user:ID"),
        (Relation("invoce:1", "viewer", "user:ann"), "type.unknown", "invoice"),
        (Relation("invoice:1", "veiwer", "user:ann"), "relation.unknown", "viewer"),
        (Relation("invoice:1", "can_read", "user:ann"), "relation.derived", "derived"),
        (Relation("invoice:1", "viewer", "user:*"), "subject.refused", "user, group#member"),
        (Relation("invoice:1", PLACE, "organization:acme"), "relation.reserved", "doorward relation place"),
        (Relation("dw_role:x/*", "assignee", "user:ann"), "relation.reserved", "doorward assign"),
        (Relation("dw_thing:1", "viewer", "user:ann"), "relation.reserved", "dw_"),
        (Relation("invoice:1", "dw_thing", "user:ann"), "relation.reserved", "dw_"),
        (Relation("group:g", "member", "user:ann"), "relation.reserved", "doorward group add-member g"),
        (Relation("organization:o", "member", "user:ann"), "relation.reserved", "doorward organization add-member o"),
        (replace(ROW, store="other"), "relation.store", ""),
        (replace(ROW, condition="late"), "condition.unsupported", ""),
    ],
)
async def test_what_may_not_be_written_is_told_why(world: World, row: Relation, reason: str, hint: str) -> None:
    await flow.write_model(world, MODEL)
    with pytest.raises(Invalid) as caught:
        await flow.write(world, add=[ROW, row])
    assert caught.value.reason == reason
    assert hint in caught.value.hint
    assert await reads.rows(world, object="invoice:1") == []


async def test_other_relations_of_groups_are_the_models(world: World) -> None:
    await flow.write_model(world, MODEL)
    await flow.write(world, add=[Relation("group:g", "owner", "user:ann")])
    assert len(await reads.rows(world, object="group:g")) == 1


async def test_reserved_rows_cannot_be_removed_either(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.write(world, remove=[Relation("dw_role:dw_admin/*", "assignee", "user:ann")])
    assert caught.value.reason == "relation.reserved"


async def test_rows_of_an_older_model_can_be_removed(world: World, clock: FakeClock) -> None:
    await flow.write_model(world, MODEL)
    await flow.write(world, add=[ROW])
    clock.advance(1)
    await flow.write_model(world, "model\n  schema 1.1\ntype user\n")
    await flow.write(world, remove=[ROW])
    assert await reads.rows(world, object="invoice:1") == []


async def test_a_write_without_a_model_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.write(world, add=[ROW])
    assert caught.value.reason == "model.missing"


async def test_a_row_cannot_be_added_and_removed_at_once(world: World) -> None:
    await flow.write_model(world, MODEL)
    with pytest.raises(Invalid) as caught:
        await flow.write(world, add=[ROW], remove=[ROW])
    assert caught.value.reason == "relation.contradiction"


async def test_a_write_has_a_limit(world: World) -> None:
    await flow.write_model(world, MODEL)
    rows = [replace(ROW, object=f"invoice:{n}") for n in range(rules.WRITE_LIMIT)]
    await flow.write(world, add=rows)
    with pytest.raises(Invalid) as caught:
        await flow.write(world, add=[*rows, ROW])
    assert caught.value.reason == "relation.too_many"
    assert len(await reads.rows(world, subject="user:ann")) == rules.WRITE_LIMIT


async def test_a_model_is_a_new_version_in_force_at_once(world: World, clock: FakeClock) -> None:
    one = await flow.write_model(world, MODEL)
    assert await flow.write_model(world, MODEL) == one
    clock.advance(1)
    two = await flow.write_model(world, MODEL + "type paper\n")
    assert [version.id for version in await reads.models(world)] == [two.id, one.id]
    assert await reads.current_model(world) == two
    with world.relations.still():
        model = world.catalogue.model()
    assert model is not None
    assert "paper" in model.types


async def test_a_broken_model_changes_nothing(world: World) -> None:
    await flow.write_model(world, MODEL)
    with pytest.raises(ModelError) as caught:
        await flow.write_model(world, MODEL + "type x\n  relations\n    defne a: [user]\n")
    assert caught.value.problems[0].place.line == 14
    assert len(await reads.models(world)) == 1


@pytest.mark.parametrize("name", ["type dw_x\n", "type x\n  relations\n    define dw_a: [user]\n"])
async def test_a_model_does_not_define_reserved_names(world: World, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.write_model(world, MODEL + name)
    assert caught.value.reason == "model.reserved"


async def test_a_managed_model_is_not_replaced_at_run_time(world: World, clock: FakeClock) -> None:
    await flow.write_model(world, MODEL, managed=True)
    clock.advance(1)
    with pytest.raises(Conflict) as caught:
        await flow.write_model(world, MODEL + "type paper\n")
    assert caught.value.reason == "model.managed"


def test_the_newest_model_is_in_force_even_if_the_clock_is_behind(clock: FakeClock) -> None:
    current = ModelVersion("mod_01K0000000000000000000000Z", DEFAULT_STORE, MODEL, clock.now())
    outcome = rules.new_model(MODEL + "type paper\n", current, id="mod_0" + "0" * 25, now=clock.now(), managed=False)
    assert outcome.reply is not None
    assert outcome.reply.id == "mod_01K00000000000000000000010"


async def test_an_object_is_in_one_organization(world: World) -> None:
    await organizations.create(world, "acme")
    await organizations.create(world, "globex")
    await flow.place(world, "invoice:1", "acme")
    await flow.place(world, "invoice:1", "acme")
    await flow.place(world, "invoice:1", "globex")
    world.relations.refresh()
    assert reads.organization_of(world.relations, "invoice:1") == "globex"
    assert len(await reads.rows(world, object="invoice:1")) == 1
    await flow.place(world, "invoice:1", None)
    world.relations.refresh()
    assert reads.organization_of(world.relations, "invoice:1") is None
    assert (await _actions(world)).count("object.place") == 3


async def test_many_placing_at_once_leave_one_place(world: World) -> None:
    names = [f"org{n}" for n in range(8)]
    for name in names:
        await organizations.create(world, name)
    done = await asyncio.gather(*(flow.place(world, "invoice:1", name) for name in names), return_exceptions=True)
    assert all(result is None or isinstance(result, Conflict) for result in done)
    assert len(await reads.rows(world, object="invoice:1")) == 1


@pytest.mark.parametrize(
    "object,organization,reason",
    [
        ("invoice", "acme", "object.malformed"),
        ("dw_role:a/*", "acme", "relation.reserved"),
        ("organization:acme", "acme", "relation.reserved"),
        ("invoice:1", "nowhere", "organization.unknown"),
    ],
)
async def test_what_cannot_be_placed(world: World, object: str, organization: str, reason: str) -> None:
    await organizations.create(world, "acme")
    with pytest.raises(DoorwardError) as caught:
        await flow.place(world, object, organization)
    assert caught.value.reason == reason
    assert isinstance(caught.value, Invalid | NotFound)


async def test_rows_are_listed_without_doorwards_own(world: World) -> None:
    await organizations.create(world, "acme")
    await flow.write_model(world, MODEL)
    await flow.write(world, add=[replace(ROW, object=f"invoice:{n}") for n in range(5)])
    await flow.place(world, "invoice:1", "acme")
    first = await reads.page_of_rows(world, subject="user:ann", relation="viewer", limit=3)
    rest = await reads.page_of_rows(world, subject="user:ann", after=first[-1], limit=3)
    assert [row.object for row in first + rest] == [f"invoice:{n}" for n in range(5)]
    assert len(await reads.page_of_rows(world)) == 6
    with pytest.raises(Invalid):
        await reads.page_of_rows(world, relation="viewer")


async def test_an_organization_belongs_to_itself(world: World) -> None:
    assert reads.organization_of(world.relations, "organization:acme") == "acme"


async def test_memberships_are_told(world: World) -> None:
    await world.commit(keep(None, Relate(Relation("organization:acme", "member", "user:ann")), Relate(ROW)))
    world.relations.refresh()
    assert reads.organizations_of(world.relations, "user:ann") == ["acme"]


async def test_two_places_are_never_an_answer(world: World) -> None:
    class Two:
        def subjects(self, object: str, relation: str, store: str = "") -> list[str]:
            return ["organization:a", "organization:b"]

    with pytest.raises(Conflict):
        reads.organization_of(Two(), "invoice:1")  # type: ignore[arg-type]  # all that is asked of it
    assert RELATIONS.unique_when
