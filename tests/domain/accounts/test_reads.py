"""Finding users and service accounts by what people call them."""

from __future__ import annotations

import pytest

from doorward.core.errors import NotFound
from doorward.core.table import swap
from doorward.domain.accounts import reads
from doorward.domain.accounts.flow import create_service_account, create_user
from doorward.domain.accounts.records import USERS
from doorward.ports import World

pytestmark = pytest.mark.anyio


async def test_a_user_is_found_by_name_and_id(world: World) -> None:
    ann = await create_user(world, username="Ann")
    for reference in ("ann", "ANN", "user:ann", ann.id, ann.subject):
        assert await reads.user(world, reference) == ann
        assert await reads.subject(world, reference) == ann
        assert await reads.principal_record(world, ann.subject) == ann


async def test_a_service_account_is_found_by_name_and_id(world: World) -> None:
    worker = await create_service_account(world, "Billing Worker")
    for reference in (worker.id, worker.subject, "service_account:billing worker"):
        assert await reads.subject(world, reference) == worker
    assert await reads.principal_record(world, worker.subject) == worker
    assert await reads.principal_record(world, "group:x") is None


@pytest.mark.parametrize(
    "reference", ["usr_nobody", "user:usr_nobody", "ann smith", "user:*", "user:user:ann", "", "*"]
)
async def test_what_is_no_user_is_not_found(world: World, reference: str) -> None:
    await create_user(world, username="ann")
    with pytest.raises(NotFound) as missed:
        await reads.user(world, reference)
    assert missed.value.reason == "user.unknown"


@pytest.mark.parametrize(
    "reference", ["svc_nobody", "service_account:svc_x", "service_account:", "service_account:a:b"]
)
async def test_what_is_no_service_account_is_not_found(world: World, reference: str) -> None:
    with pytest.raises(NotFound) as missed:
        await reads.subject(world, reference)
    assert missed.value.reason == "service_account.unknown"


async def test_a_miss_names_the_nearest(world: World) -> None:
    for name in ("alice", "bob", "carol"):
        await create_user(world, username=name)
    await create_service_account(world, "billing")
    with pytest.raises(NotFound) as missed:
        await reads.user(world, "Allice")
    assert missed.value.hint == "did you mean `alice`?"
    with pytest.raises(NotFound) as missed:
        await reads.subject(world, "service_account:biling")
    assert missed.value.hint == "did you mean `billing`?"
    with pytest.raises(NotFound) as missed:
        await reads.user(world, "zzzzzz")
    assert missed.value.hint == ""


async def test_users_are_listed_by_page_text_and_status(world: World, clock: object) -> None:
    people = [await create_user(world, username=f"p{n}", name=f"Person_{n}", email=f"p{n}@x.org") for n in range(5)]
    await world.storage.commit([swap(USERS, people[3], status="disabled")])
    everyone = sorted(people, key=lambda user: user.id)
    assert [u.id for u in await reads.users(world)] == [u.id for u in everyone]
    first = await reads.users(world, limit=2)
    rest = await reads.users(world, after=first[-1].id)
    assert [u.id for u in first + rest] == [u.id for u in everyone]
    assert [u.username for u in await reads.users(world, text="P2")] == ["p2"]
    assert [u.username for u in await reads.users(world, text="p4@X")] == ["p4"]
    assert [u.username for u in await reads.users(world, text="person_1")] == ["p1"]
    assert await reads.users(world, text="%") == []
    assert await reads.users(world, text="'; DROP TABLE doorward_users; --\\") == []
    assert [u.username for u in await reads.users(world, status="disabled")] == ["p3"]
    [found] = await reads.users(world, text="p1@")
    assert found == people[1]
    assert found.email_verified is False


async def test_service_accounts_are_listed(world: World) -> None:
    worker = await create_service_account(world, "Billing Worker")
    await create_service_account(world, "ci")
    assert await reads.service_accounts(world, text="bill", status="active") == [worker]
    assert len(await reads.service_accounts(world)) == 2
