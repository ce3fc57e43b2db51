"""open_world: real parts, ready to use."""

from __future__ import annotations

import pytest

from doorward.core.access.relation import Relation
from doorward.core.outcome import Relate, keep
from doorward.domain.accounts.flow import create_user
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


async def test_the_parts_are_real_and_joined(world: World, clock: FakeClock) -> None:
    ann = await create_user(world, username="ann")
    await world.commit(keep(None, Relate(Relation("invoice:7", "viewer", ann.subject))))
    world.relations.refresh()
    assert list(world.relations.subjects("invoice:7", "viewer")) == [ann.subject]
    assert world.catalogue.active(ann.subject)
    assert world.clock is clock
    assert await world.hasher.verify(await world.hasher.hash("correct horse"), "correct horse")


async def test_time_passes_only_when_told(clock: FakeClock) -> None:
    before = clock.now()
    assert clock.now() == before
    assert clock.advance(1.5) == before + 1_500_000 == clock.now()
    assert clock.advance(-1.5) == before
