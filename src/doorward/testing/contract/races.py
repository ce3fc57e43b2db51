"""Races: of all who try to take one thing at once, exactly one gets it."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from doorward.core.access.relation import Relation
from doorward.core.errors import Conflict, LostRace
from doorward.core.outcome import Change, Relate, Unrelate
from doorward.core.table import Add, Delete, swap
from doorward.ports import Storage
from doorward.testing.contract.fixtures import ContractFixtures
from doorward.testing.contract.process import Child
from doorward.testing.contract.records import ENTRIES, ITEMS, Entry, Item

RUNNERS = 64


async def winners(storages: list[Storage], change: Change) -> int:
    """How many of as many tasks as RUNNERS, spread over the storages, succeed with the change."""

    async def one(storage: Storage) -> bool:
        try:
            await storage.commit([change])
        except Conflict:
            return False
        return True

    return sum(await asyncio.gather(*(one(storages[n % len(storages)]) for n in range(RUNNERS))))


class RaceContract(ContractFixtures):
    """One winner among tasks, connections and processes; cancelled commits."""

    @pytest.mark.parametrize("connections", (1, 2))
    async def test_one_wins(self, storage: Storage, second: Storage, connections: int) -> None:
        storages, relation, item = [storage, second][:connections], Relation("o:1", "r", "u:1"), Item("a", "na")
        await storage.commit([Add(ITEMS, item), Add(ENTRIES, Entry("once", 1)), Relate(relation)])
        changes = (
            swap(ITEMS, item, count=1),
            Delete(ENTRIES, ("once", 1), required=True),
            Add(ENTRIES, Entry("new", 1)),
            Add(ITEMS, Item("b", "nb")),
            Unrelate(relation, required=True),
        )
        assert [await winners(storages, change) for change in changes] == [1] * len(changes)

    async def test_every_increment_counts(self, storage: Storage, second: Storage) -> None:
        await storage.commit([Add(ITEMS, Item("a", "na"))])

        async def increment(storage: Storage) -> None:
            while True:
                item = await storage.get(ITEMS, "a")
                assert item is not None
                try:
                    await storage.commit([swap(ITEMS, item, count=item.count + 1)])
                except LostRace:
                    continue
                return

        await asyncio.gather(*(increment((storage, second)[n % 2]) for n in range(40)))
        item = await storage.get(ITEMS, "a")
        assert item is not None
        assert (item.count, item.version) == (40, 41)

    async def test_one_process_wins(self, storage: Storage, location: str) -> None:
        rounds = 100
        await storage.commit([Add(ITEMS, Item(f"i{n}", f"n{n}")) for n in range(rounds)])
        await storage.commit([Add(ENTRIES, Entry("once", n)) for n in range(rounds)])
        with (
            Child(self.adapter, location, "race", str(rounds)) as one,
            Child(self.adapter, location, "race", str(rounds)) as two,
        ):
            assert [one.hear(), two.hear()] == ["ready", "ready"]
            one.say("go")
            two.say("go")
            said = Counter([*one.lines(), *two.lines()])
            assert [one.wait(), two.wait()] == [0, 0]
        expected = [f"{what} {n}" for what in ("swapped", "used") for n in range(rounds)]
        assert said == Counter(expected)

    async def test_a_cancelled_commit_is_finished_first(self, storage: Storage) -> None:
        task = asyncio.ensure_future(storage.commit([Add(ENTRIES, Entry("b", 1))]))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await storage.page(ENTRIES) == [Entry("b", 1)]

    async def test_one_cancelled_commit_takes_no_other_with_it(self, storage: Storage) -> None:
        tasks = [asyncio.ensure_future(storage.commit([Add(ENTRIES, Entry("b", n))])) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False] * 10
        assert len(await storage.page(ENTRIES)) == 20
