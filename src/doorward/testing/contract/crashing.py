"""The writer that is killed: a nursery forks it, so that a new one costs milliseconds, and sees it die.

`python -m doorward.testing.contract.crashing ADAPTER` reads lines `LOCATION SEED MICROSECONDS` and for each forks a
writer, kills it with SIGKILL that long after its first commit (never, if negative) and says `ended STATUS`. The writer
says `kept N` and `revoked N` after a commit was acknowledged, and never before.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
import traceback

from doorward.adapters.clock import SystemClock
from doorward.core.access.relation import Relation
from doorward.core.errors import LostRace
from doorward.core.outcome import Relate
from doorward.core.table import Add, Delete, Expect, Put, swap
from doorward.ports import Storage
from doorward.testing.contract.process import open_storage, say
from doorward.testing.contract.records import ENTRIES, ITEMS, MARKS, Entry, Item, Mark

ACCOUNTS = 24
BALANCE = 100
TASKS = 6
TURNS = 40
GAVE_UP = 3


class Writer:
    """Moves money between accounts, with a line in the ledger and a relation for each move; opens and revokes."""

    def __init__(self, storage: Storage, seed: int, first: int) -> None:
        self.storage, self.dice, self.next = storage, random.Random(seed), first  # noqa: S311 - not for secrets

    async def work(self) -> None:
        """All turns of one task."""
        for _ in range(TURNS):
            await self.revoke()
            await self.move()
            await self.lose()

    def number(self) -> int:
        """One that no other batch has."""
        self.next += 1
        return self.next

    async def move(self) -> None:
        """From one account to another: five changes that belong together."""
        number = self.number()
        one, two = self.dice.sample(range(ACCOUNTS), 2)
        amount = self.dice.randrange(1, 9)
        while True:
            giver, taker = await self.account(one), await self.account(two)
            try:
                await self.storage.commit(
                    [
                        swap(ITEMS, giver, count=giver.count - amount),
                        Add(ENTRIES, Entry("ledger", number)),
                        Relate(Relation(f"move:{number}", "in", "book:ledger")),
                        Put(MARKS, Mark(number.to_bytes(4, "big"))),
                        swap(ITEMS, taker, count=taker.count + amount),
                    ]
                )
            except LostRace:
                continue
            say(f"kept {number}")
            return

    async def account(self, number: int) -> Item:
        """An account as it is."""
        item = await self.storage.get(ITEMS, f"account{number}")
        assert item is not None
        return item

    async def lose(self) -> None:
        """A batch that must leave nothing behind."""
        stale = Item("account0", "account0", version=0)
        try:
            await self.storage.commit([Add(ENTRIES, Entry("lost", self.number())), Expect(ITEMS, stale)])
        except LostRace:
            return
        raise AssertionError("an expectation that does not hold was met")

    async def revoke(self) -> None:
        """Something is let in, and ended again."""
        number = self.number()
        await self.storage.commit([Add(ITEMS, Item(f"session{number}", f"session{number}", shelf="sessions"))])
        await self.storage.commit([Delete(ITEMS, (f"session{number}",), required=True)])
        say(f"revoked {number}")


async def prepare(storage: Storage) -> None:
    """The accounts, if they are not there."""
    if await storage.get(ITEMS, "account0") is None:
        names = [f"account{number}" for number in range(ACCOUNTS)]
        await storage.commit([Add(ITEMS, Item(name, name, count=BALANCE)) for name in names])


async def live(adapter: str, location: str, seed: int, ready: int) -> None:
    """The life of a writer."""
    storage = await open_storage(adapter, location, SystemClock())
    await prepare(storage)
    os.write(ready, b"!")
    writer = Writer(storage, seed, first=seed * 10_000)
    await asyncio.gather(*(writer.work() for _ in range(TASKS)))
    await storage.close()


def raise_and_kill(adapter: str, location: str, seed: int, delay: int) -> int:
    """Fork a writer, kill it, and wait for its end; its status (negative: the signal)."""
    heard, ready = os.pipe()
    if (child := os.fork()) == 0:
        try:
            asyncio.run(live(adapter, location, seed, ready))
        except BaseException:
            traceback.print_exc()
            os._exit(GAVE_UP)
        os._exit(0)
    os.close(ready)
    os.read(heard, 1)  # returns also when the child is dead
    os.close(heard)
    if delay >= 0:
        time.sleep(delay / 1e6)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """The nursery."""
    for line in sys.stdin:
        location, seed, delay = line.rstrip("\n").rsplit(" ", 2)
        say(f"ended {raise_and_kill(sys.argv[1], location, int(seed), int(delay))}")


if __name__ == "__main__":
    main()
