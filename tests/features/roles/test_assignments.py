"""Assignments through the operations: places, expiry, and that an administrator closes setup."""

from __future__ import annotations

import pytest

from doorward.core.errors import Invalid, NotFound
from doorward.core.instant import Seconds, after, to_text
from doorward.core.principal import Principal
from doorward.domain.accounts.flow import create_user
from doorward.domain.decisions.flow import decide
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.features.roles.assignments import (
    Assign,
    ListAssignments,
    Unassign,
    as_text,
    assign,
    list_assignments,
    unassign,
)
from doorward.features.setup.flow import is_open
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio

OPERATOR = Principal("operator:root", "operator")


@pytest.fixture
async def ann(world: World) -> Principal:
    await roles.declare(world, "https://api.example.com", "API", ["invoice:read"])
    await roles.put_role(world, "clerk", ["invoice:read"])
    return Principal((await create_user(world, username="ann")).subject, "session")


async def test_a_role_is_held_where_it_was_given(world: World, ann: Principal) -> None:
    on = await assign(world, OPERATOR, Assign(subject="ann", role="clerk", on="invoice:7"))
    assert as_text(on) == "ann is clerk on invoice:7"
    assert decide(world, ann, "invoice:read", "invoice:7")
    assert not decide(world, ann, "invoice:read", "invoice:8")
    everywhere = await assign(world, OPERATOR, Assign(subject="ann", role="clerk"))
    assert as_text(everywhere) == "ann is clerk everywhere"
    assert decide(world, ann, "invoice:read", "invoice:8")


async def test_a_role_ends_when_it_was_said_to(world: World, ann: Principal, clock: FakeClock) -> None:
    until = to_text(after(clock.now(), Seconds(60)))
    given = await assign(world, OPERATOR, Assign(subject="ann", role="clerk", expires=until))
    assert as_text(given).endswith(f"until {until}")
    assert decide(world, ann, "invoice:read")
    clock.advance(61)
    assert not decide(world, ann, "invoice:read")


@pytest.mark.parametrize(
    "expires", ["tomorrow", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00", "99999-01-01T00:00:00Z"]
)
async def test_a_time_that_cannot_be_meant_is_refused(world: World, ann: Principal, expires: str) -> None:
    with pytest.raises(Invalid):
        await assign(world, OPERATOR, Assign(subject="ann", role="clerk", expires=expires))
    assert not decide(world, ann, "invoice:read")


async def test_two_places_are_one_too_many(world: World, ann: Principal) -> None:
    with pytest.raises(Invalid):
        await assign(world, OPERATOR, Assign(subject="ann", role="clerk", organization="acme", on="invoice:7"))


async def test_taking_away_what_is_held_elsewhere_says_where(world: World, ann: Principal) -> None:
    await assign(world, OPERATOR, Assign(subject="ann", role="clerk", on="invoice:7"))
    with pytest.raises(NotFound) as caught:
        await unassign(world, OPERATOR, Unassign(subject="ann", role="clerk"))
    assert "invoice:7" in caught.value.hint


async def test_pages_follow_each_other(world: World, ann: Principal) -> None:
    for number in range(3):
        await assign(world, OPERATOR, Assign(subject="ann", role="clerk", on=f"invoice:{number}"))
    first = await list_assignments(world, OPERATOR, ListAssignments(limit=2))
    assert first.next is not None
    second = await list_assignments(world, OPERATOR, ListAssignments(limit=2, after=first.next))
    assert [one.place for one in (*first.items, *second.items)] == ["invoice:0", "invoice:1", "invoice:2"]
    assert second.next is None
    with pytest.raises(Invalid):
        await list_assignments(world, OPERATOR, ListAssignments(after="nonsense"))


async def test_the_first_administrator_closes_setup_for_good(world: World, ann: Principal) -> None:
    await assign(world, OPERATOR, Assign(subject="ann", role="clerk"))
    assert await is_open(world)
    await assign(world, OPERATOR, Assign(subject="ann", role=ADMIN_ROLE))
    assert not await is_open(world)
    await unassign(world, OPERATOR, Unassign(subject="ann", role=ADMIN_ROLE))
    assert not await is_open(world)
    await assign(world, OPERATOR, Assign(subject="ann", role=ADMIN_ROLE))
