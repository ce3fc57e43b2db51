"""Sweeping: what has expired goes, in batches, and nothing else."""

from __future__ import annotations

import pytest

from doorward.core.instant import Seconds, after
from doorward.core.outcome import keep
from doorward.core.table import Put
from doorward.domain.tokens.records import REVOKED_TOKENS, RevokedToken
from doorward.features.upkeep import FEATURE, sweep
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


async def test_what_has_expired_is_deleted(world: World, clock: FakeClock) -> None:
    now = clock.now()
    rows = [RevokedToken(f"short-{n}", after(now, Seconds(10))) for n in range(1200)]
    rows.append(RevokedToken("long", after(now, Seconds(1000))))
    await world.commit(keep(None, *(Put(REVOKED_TOKENS, row) for row in rows)))
    assert await sweep(world) == 0
    clock.advance(11)
    assert await sweep(world) >= 1200
    assert await sweep(world) == 0
    [[left]] = await world.storage.read("SELECT count(*) FROM {revoked_tokens}")
    assert left == 1


def test_it_is_a_job() -> None:
    assert [job.name for job in FEATURE.jobs] == ["sweep"]
