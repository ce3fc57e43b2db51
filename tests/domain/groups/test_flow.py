"""Groups: nested, in circles, deleted with what was held through them; nobody comes in to rise."""

from __future__ import annotations

import pytest

from doorward.core.access.relation import Relation, assignment
from doorward.core.access.walk import TooComplex
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Conflict, Forbidden, Invalid, NotFound
from doorward.core.outcome import Relate, keep
from doorward.core.principal import Principal
from doorward.domain.accounts import flow as accounts
from doorward.domain.groups import flow, reads
from doorward.domain.relations import reads as relations
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.ports import World

pytestmark = pytest.mark.anyio


async def test_made_renamed_and_deleted(world: World) -> None:
    assert (await flow.create(world, "staff", "Staff")).members == "group:staff#member"
    assert (await flow.rename(world, "staff", "All staff")).name == "All staff"
    assert [one.id for one in await reads.groups(world)] == ["staff"]
    with pytest.raises(Conflict) as caught:
        await flow.create(world, "staff")
    assert caught.value.reason == "group.exists"
    await flow.delete(world, "group:staff")
    assert await reads.groups(world, after="a") == []
    with pytest.raises(NotFound):
        await flow.delete(world, "staff")


async def test_an_unknown_one_names_the_nearest(world: World) -> None:
    await flow.create(world, "staff")
    with pytest.raises(NotFound) as caught:
        await flow.rename(world, "stafff", "x")
    assert (caught.value.reason, caught.value.hint) == ("group.unknown", "did you mean `staff`?")


@pytest.mark.parametrize("id", ["", "a b", "a:b", "a#b", "a/b"])
async def test_ids_that_cannot_be(world: World, id: str) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.create(world, id)
    assert caught.value.reason == "group.id"


async def test_a_name_has_a_length(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.create(world, "staff", "x" * 201)
    assert caught.value.reason == "group.name"


async def test_members_come_and_go(world: World) -> None:
    ann = await accounts.create_user(world, username="ann")
    await flow.create(world, "staff")
    await flow.create(world, "heads")
    await flow.add_member(world, "staff", ann.subject)
    await flow.add_member(world, "staff", "group:heads")
    assert await reads.members(world, "staff") == ["group:heads#member", ann.subject]
    assert await reads.members(world, "group:staff", after="group:heads#member") == [ann.subject]
    await flow.remove_member(world, "staff", "group:heads#member")
    assert await reads.members(world, "staff") == [ann.subject]


@pytest.mark.parametrize(
    "subject,reason",
    [
        ("user:nobody", "subject.unknown"),
        ("group:nobody", "subject.unknown"),
        ("group:staff", "subject.refused"),
        ("user:*", "subject.refused"),
        ("organization:acme#member", "subject.refused"),
        ("group:heads#owner", "subject.refused"),
        ("ann", "subject.malformed"),
    ],
)
async def test_who_cannot_be_a_member(world: World, subject: str, reason: str) -> None:
    await flow.create(world, "staff")
    with pytest.raises(Invalid) as caught:
        await flow.add_member(world, "staff", subject)
    assert caught.value.reason == reason


async def test_a_circle_is_harmless(world: World) -> None:
    ann = await accounts.create_user(world, username="ann")
    for id in ("a", "b", "c"):
        await flow.create(world, id)
    await flow.add_member(world, "a", "group:b")
    await flow.add_member(world, "b", "group:c")
    await flow.add_member(world, "c", "group:a")
    await flow.add_member(world, "c", ann.subject)
    world.relations.refresh()
    names = relations.names_of(world.relations, ann.subject)
    assert list(names) == [ann.subject, "group:c#member", "group:b#member", "group:a#member"]


async def test_too_many_groups_are_an_error_never_a_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relations, "GROUP_LIMIT", 3)
    rows = [Relation(f"group:{n}", "member", "user:ann") for n in range(3)]
    await world.commit(keep(None, *map(Relate, rows)))
    world.relations.refresh()
    with pytest.raises(TooComplex):
        relations.names_of(world.relations, "user:ann")


async def test_deleting_takes_what_was_held_through_it(world: World) -> None:
    ann = await accounts.create_user(world, username="ann")
    await flow.create(world, "staff")
    await flow.create(world, "all")
    await flow.add_member(world, "staff", ann.subject)
    await flow.add_member(world, "all", "group:staff")
    await roles.put_role(world, "clerk", [])
    await roles.assign(world, "group:staff#member", "clerk")
    await flow.delete(world, "staff")
    world.relations.refresh()
    assert list(world.relations.held(ann.subject)) == []
    assert list(world.relations.held("group:staff#member")) == []


async def test_a_new_one_begins_without_members_or_rights(world: World) -> None:
    rows = [Relation("group:staff", "member", "user:eve"), assignment("clerk", "*", "group:staff#member")]
    await world.commit(keep(None, *map(Relate, rows)))
    await flow.create(world, "staff")
    world.relations.refresh()
    assert list(world.relations.held("user:eve")) == []
    assert list(world.relations.held("group:staff#member")) == []


async def test_nobody_lets_into_a_group_that_holds_more_than_they_do(world: World) -> None:
    ann = await accounts.create_user(world, username="ann")
    root = await accounts.create_user(world, username="root")
    await flow.create(world, "admins")
    await flow.create(world, "helpers")
    await flow.add_member(world, "admins", "group:helpers")
    await roles.assign(world, "group:admins#member", ADMIN_ROLE)
    await roles.assign(world, root.subject, ADMIN_ROLE)
    for group in ("admins", "helpers"):
        with pytest.raises(Forbidden) as caught:
            await flow.add_member(world, group, ann.subject, by=Principal(ann.subject, "session"))
        assert caught.value.reason == "escalation"
        assert ann.subject not in await reads.members(world, group)
    refused = [event for event in await world.storage.page(AUDIT_EVENTS) if event.outcome == "refused"]
    assert [event.action for event in refused] == ["group.add_member"] * 2
    await flow.add_member(world, "helpers", ann.subject, by=Principal(root.subject, "session"))
    assert await reads.members(world, "helpers") == [ann.subject]
