"""kill -9: whatever was acknowledged is there afterwards, and whatever is there is there whole."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from doorward.adapters.clock import SystemClock
from doorward.core.access.relation import RELATIONS
from doorward.ports import Revision, Storage
from doorward.testing.contract import crashing
from doorward.testing.contract.crashing import ACCOUNTS, BALANCE
from doorward.testing.contract.fixtures import ContractFixtures
from doorward.testing.contract.process import Child, open_storage
from doorward.testing.contract.records import ENTRIES, ITEMS, MARKS

KILLS = 12
LONGEST = 80_000
"""Microseconds a writer lives, at most."""


class Nursery:
    """Writers of one adapter, to be killed, and what was acknowledged to them on each database."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self.kept: set[int] = set()
        self.revoked: set[int] = set()

    def kill(self, location: str, seed: int, delay: int) -> int:
        """One writer's life; its exit status."""
        self._child.say(f"{location} {seed} {delay}")
        while (line := self._child.hear()).startswith(("kept ", "revoked ")):
            what, number = line.split()
            (self.kept if what == "kept" else self.revoked).add(int(number))
        said, _, status = line.partition(" ")
        assert said == "ended", f"the nursery is gone: {line!r}"
        return int(status)


@contextmanager
def nursery(adapter: str) -> Iterator[Nursery]:
    """A nursery for as long as the block lasts."""
    with Child(adapter, module=crashing.__name__) as child:
        yield Nursery(child)


async def broken(storage: Storage, nursery: Nursery) -> list[str]:
    """Everything that is not as it must be, in words; empty when all is well."""
    ledger = {entry.number for entry in await storage.page(ENTRIES, {"book": "ledger"}, limit=1_000_000)}
    accounts = [item for item in await storage.page(ITEMS, limit=1_000_000) if item.id.startswith("account")]
    sessions = {int(item.id.removeprefix("session")) for item in await storage.page(ITEMS, {"shelf": "sessions"})}
    relations = {int(row.object.removeprefix("move:")) for row in storage.feed().rows(RELATIONS)}
    marks = {int.from_bytes(mark.key, "big") for mark in storage.feed().rows(MARKS)}
    told = await storage.changes(Revision(0), 1_000_000)
    assert told is not None
    revisions = [change.revision for change in told]
    findings: dict[str, set[Any]] = {
        "acknowledged moves are lost": nursery.kept - ledger,
        "revoked sessions live": nursery.revoked & sessions,
        "moves are there in part": (ledger ^ relations) | (ledger ^ marks),
        "lost batches left something": {entry.number for entry in await storage.page(ENTRIES, {"book": "lost"})},
        "money was made or lost": {sum(item.count for item in accounts)} - {BALANCE * len(accounts)},
        "accounts are missing": {len(accounts)} - {ACCOUNTS} if ledger else set(),
        "swaps are there in part": {sum(item.version - 1 for item in accounts)} - {2 * len(ledger)},
        "the feed is not whole": set(revisions) ^ set(range(1, len(told) + 1)),
        "the feed is out of order": set() if revisions == sorted(revisions) else {len(told)},
        "the feed tells of other moves": {change.key[1] for change in told if change.kind == "relate"}
        ^ {f"move:{number}" for number in ledger},
    }
    return [f"{what}: {found}" for what, found in findings.items() if found]


class CrashContract(ContractFixtures):
    """Killed at any moment."""

    async def test_kill_at_any_moment_loses_nothing_acknowledged(self, location: str) -> None:
        dice = random.Random(20)  # noqa: S311 - not for secrets
        with nursery(self.adapter) as writers:
            for seed in range(KILLS):
                status = writers.kill(location, seed, dice.randrange(LONGEST))
                assert status in (-signal.SIGKILL, 0)
                storage = await open_storage(self.adapter, location, SystemClock())
                try:
                    assert await broken(storage, writers) == []
                finally:
                    await storage.close()
            assert writers.kept
            assert writers.revoked
