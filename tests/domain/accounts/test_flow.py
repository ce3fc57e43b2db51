"""Users and service accounts in a real database."""

from __future__ import annotations

import anyio
import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Conflict, Exists, Invalid, NotFound
from doorward.core.outcome import keep
from doorward.core.table import Add, Delete
from doorward.domain.accounts.flow import commit_user, create_service_account, create_user, update_user
from doorward.domain.accounts.records import USERS
from doorward.domain.roles.records import ROLES, Role
from doorward.ports import World

pytestmark = pytest.mark.anyio


async def test_a_user_is_kept_with_one_event(world: World) -> None:
    user = await create_user(world, username="Ann", name="Ann A.", email="ann@example.com")
    assert await world.storage.get(USERS, user.id) == user
    [event] = await world.storage.page(AUDIT_EVENTS)
    assert (event.action, event.target, event.outcome) == ("user.create", user.subject, "ok")


@pytest.mark.parametrize("again", ["ann", "ANN", "ａｎｎ"])
async def test_a_username_is_taken_in_every_spelling(world: World, again: str) -> None:
    await create_user(world, username="Ann")
    with pytest.raises(Conflict) as refused:
        await create_user(world, username=again)
    assert refused.value.reason == "username.taken"
    assert len(await world.storage.page(USERS)) == 1


async def test_an_address_belongs_to_one_user(world: World) -> None:
    await create_user(world, username="ann", email="Ann@Example.com")
    with pytest.raises(Conflict) as refused:
        await create_user(world, username="ben", email="ann@example.com")
    assert refused.value.reason == "email.taken"


async def test_of_many_at_once_one_gets_the_name(world: World) -> None:
    made, refused = [], []

    async def attempt(name: str) -> None:
        try:
            made.append(await create_user(world, username=name))
        except Conflict:
            refused.append(name)

    async with anyio.create_task_group() as group:
        for number in range(16):
            group.start_soon(attempt, "ann" if number % 2 else "ANN")
    assert (len(made), len(refused)) == (1, 15)


async def test_a_refused_user_leaves_nothing(world: World) -> None:
    with pytest.raises(Invalid):
        await create_user(world, username="ann smith")
    assert await world.storage.page(USERS) == []
    assert await world.storage.page(AUDIT_EVENTS) == []


async def test_update(world: World) -> None:
    user = await create_user(world, username="ann", email="ann@example.com")
    await create_user(world, username="ben", email="ben@example.com")
    changed = await update_user(world, user, name="Ann B.", email="a@example.com")
    assert (changed.name, changed.email) == ("Ann B.", "a@example.com")
    assert await world.storage.get(USERS, user.id) == changed
    with pytest.raises(Conflict) as refused:
        await update_user(world, user, email="BEN@example.com")
    assert refused.value.reason == "email.taken"
    assert (await update_user(world, user, email="")).email is None


async def test_a_user_that_is_gone_cannot_be_changed(world: World) -> None:
    user = await create_user(world, username="ann")
    await world.storage.commit([Delete(USERS, (user.id,))])
    with pytest.raises(NotFound):
        await update_user(world, user, name="x")


async def test_service_account_names_are_unique(world: World) -> None:
    account = await create_service_account(world, "Billing Worker")
    assert account.id.startswith("svc_")
    with pytest.raises(Conflict) as refused:
        await create_service_account(world, "billing  WORKER")
    assert refused.value.reason == "name.taken"


async def test_what_else_is_taken_is_not_called_a_username(world: World) -> None:
    user = await create_user(world, username="ann")
    role = Role("clerk", ())
    await world.storage.commit([Add(ROLES, role)])
    with pytest.raises(Exists):
        await commit_user(world, keep(user, Add(ROLES, role)))
