"""Organizations: made, renamed, closed; members come and go, and what they held there goes with them."""

from __future__ import annotations

import pytest

from doorward.core.access.relation import Relation, assignment
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Conflict, Invalid, NotFound
from doorward.core.outcome import Relate, keep
from doorward.domain.accounts import flow as accounts
from doorward.domain.organizations import flow, reads
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow as roles
from doorward.domain.roles import reads as role_reads
from doorward.ports import World

pytestmark = pytest.mark.anyio


async def test_made_renamed_and_closed(world: World) -> None:
    made = await flow.create(world, "acme", "Acme Ltd")
    assert (made.id, made.name, made.status, made.object) == ("acme", "Acme Ltd", "active", "organization:acme")
    assert (await flow.create(world, "b")).name == "b"
    assert (await flow.rename(world, "organization:acme", " Acme ")).name == "Acme"
    assert (await flow.set_status(world, "acme", "disabled")).status == "disabled"
    assert (await flow.set_status(world, "acme", "disabled")).status == "disabled"
    assert (await flow.set_status(world, "acme", "active")).status == "active"
    assert [one.id for one in await reads.organizations(world)] == ["acme", "b"]
    assert [one.id for one in await reads.organizations(world, after="acme")] == ["b"]
    actions = [event.action for event in await world.storage.page(AUDIT_EVENTS)]
    assert sorted(actions) == sorted(
        ["organization.create", "organization.create", "organization.update", "organization.disable",
         "organization.enable"]
    )  # fmt: skip


@pytest.mark.parametrize("id", ["", "a b", "a:b", "-a", "a/b", "a#b", "ä", "x" * 65, "*", "a\n"])
async def test_ids_that_cannot_be(world: World, id: str) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.create(world, id)
    assert caught.value.reason == "organization.id"


@pytest.mark.parametrize("name", [" ", "a\nb", "x" * 201])
async def test_names_that_cannot_be(world: World, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        await flow.create(world, "acme", name)
    assert caught.value.reason == "organization.name"


async def test_an_id_is_taken_once(world: World) -> None:
    await flow.create(world, "acme")
    with pytest.raises(Conflict) as caught:
        await flow.create(world, "acme")
    assert caught.value.reason == "organization.exists"


async def test_an_unknown_one_names_the_nearest(world: World) -> None:
    await flow.create(world, "globex")
    with pytest.raises(NotFound) as caught:
        await reads.organization(world, "globx")
    assert (caught.value.reason, caught.value.hint) == ("organization.unknown", "did you mean `globex`?")
    with pytest.raises(NotFound, match="zzz"):
        await flow.set_status(world, "zzz", "active")


async def test_members_come_and_go(world: World) -> None:
    await flow.create(world, "acme")
    ann = await accounts.create_user(world, username="ann")
    bot = await accounts.create_service_account(world, "bot")
    await flow.add_member(world, "acme", ann.subject)
    await flow.add_member(world, "acme", ann.subject)
    await flow.add_member(world, "acme", bot.subject)
    assert await reads.members(world, "acme") == [bot.subject, ann.subject]
    assert await reads.members(world, "organization:acme", after=bot.subject) == [ann.subject]
    await flow.remove_member(world, "acme", ann.subject)
    await flow.remove_member(world, "acme", ann.subject)
    assert await reads.members(world, "acme") == [bot.subject]


@pytest.mark.parametrize(
    "subject,reason",
    [
        ("user:nobody", "subject.unknown"),
        ("user:*", "subject.refused"),
        ("group:g#member", "subject.refused"),
        ("organization:acme", "subject.refused"),
        ("ann", "subject.malformed"),
    ],
)
async def test_who_cannot_be_a_member(world: World, subject: str, reason: str) -> None:
    await flow.create(world, "acme")
    with pytest.raises(Invalid) as caught:
        await flow.add_member(world, "acme", subject)
    assert caught.value.reason == reason


async def test_a_member_who_leaves_loses_what_was_held_there_and_nothing_else(world: World) -> None:
    await flow.create(world, "acme")
    await flow.create(world, "globex")
    ann = await accounts.create_user(world, username="ann")
    await roles.declare(world, "https://api.example.com", "api", ["invoice:read"])
    await roles.put_role(world, "clerk", ["invoice:read"])
    await relations.place(world, "invoice:1", "acme")
    await relations.place(world, "invoice:2", "globex")
    for place in ("*", "organization:acme", "organization:globex", "invoice:1", "invoice:2", "invoice:3"):
        await roles.assign(world, ann.subject, "clerk", place)
    await flow.remove_member(world, "acme", ann.subject)
    left = [one.place for one in await role_reads.assignments(world, subject=ann.subject)]
    assert sorted(left) == ["*", "invoice:2", "invoice:3", "organization:globex"]
    assert await reads.members(world, "globex") == [ann.subject]


async def test_a_new_one_begins_empty(world: World) -> None:
    """Rows that a race left of one with this id must not come back to life."""
    rows = [
        Relation("organization:acme", "member", "user:eve"),
        Relation("invoice:1", "dw_organization", "organization:acme"),
        assignment("clerk", "organization:acme", "user:eve"),
        assignment("clerk", "organization:acme2", "user:eve"),
    ]
    await world.commit(keep(None, *map(Relate, rows)))
    await flow.create(world, "acme")
    world.relations.refresh()
    assert list(world.relations.held("user:eve")) == [("dw_role:clerk/organization:acme2", "assignee")]
    assert await reads.members(world, "acme") == []
    assert not world.relations.holds("invoice:1", "dw_organization", "organization:acme")
