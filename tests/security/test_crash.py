"""kill -9 at every place of a write: nothing acknowledged is lost, nothing revoked lives, nothing is there in part."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from doorward.adapters.sqlite import open_sqlite
from doorward.testing import FakeClock
from doorward.testing.contract.crash import Nursery, broken, nursery
from doorward.testing.contract.records import TABLES
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

FULL = os.environ.get("TESTS_SECURITY") == "full"
KILLS = 1_050 if FULL else 35
KILLS_OF_A_DATABASE = 35
PLANTED_WITHIN = 200
BURNS = 500
ROOT = Path(__file__).parents[2]


@pytest.fixture
def seed(monkeypatch: pytest.MonkeyPatch) -> int:
    """Of this run: `DOORWARD_SEED`, or a new one. Shown when the test fails."""
    monkeypatch.chdir(ROOT)
    chosen = int(os.environ.get("DOORWARD_SEED") or random.randrange(1_000_000))
    print(f"DOORWARD_SEED={chosen}")
    return chosen


async def kill_and_look(writers: Nursery, path: Path, number: int, burns: int, *, weak: bool) -> tuple[bool, list[str]]:
    """Whether a writer was killed, and what is broken after it."""
    status = writers.kill(f"{path}?{burns}&{int(weak)}", number, -1)
    assert status in (0, -signal.SIGKILL)
    storage = await open_sqlite(path, TABLES, FakeClock())
    try:
        return status != 0, await broken(storage, writers)
    finally:
        await storage.close()


async def test_crash(tmp_path: Path, seed: int) -> None:
    dice, killed, found = random.Random(seed), 0, []
    databases = -(-KILLS // KILLS_OF_A_DATABASE)
    for database in range(databases):
        with nursery("tests.security.fuse:open_fused") as writers:
            for number in range(min(KILLS_OF_A_DATABASE, KILLS - database * KILLS_OF_A_DATABASE)):
                path = tmp_path / f"{database}.db"
                was_killed, wrong = await kill_and_look(writers, path, number, dice.randrange(1, BURNS), weak=False)
                killed += was_killed
                found += wrong
            assert writers.kept
            assert writers.revoked
    planted = await caught_after(tmp_path, dice)
    print(found[:10])
    figures.record(22, "kill -9 (kills)", killed, len(found), f"acknowledged before COMMIT, caught after {planted}")
    assert killed >= KILLS * 0.9


async def caught_after(tmp_path: Path, dice: random.Random) -> int:
    """After how many kills the planted weakness is found."""
    with nursery("tests.security.fuse:open_fused") as writers:
        for number in range(PLANTED_WITHIN):
            path = tmp_path / "planted.db"
            _, wrong = await kill_and_look(writers, path, number, dice.randrange(1, BURNS), weak=True)
            if wrong:
                return number + 1
    raise AssertionError(f"a planted weakness was not found by {PLANTED_WITHIN} kills")
