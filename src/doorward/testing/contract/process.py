"""Other processes of the contract: one that races, one that writes; and how all of them open the adapter.

`python -m doorward.testing.contract.process ADAPTER LOCATION TASK …`. What it has done it says on standard output, a
line at a time and unbuffered, so that what was said is known even of a process that was killed.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from types import TracebackType
from typing import Any

from doorward.adapters.clock import SystemClock
from doorward.core.access.relation import Relation
from doorward.core.errors import LostRace
from doorward.core.outcome import Relate, Unrelate
from doorward.core.table import Delete, Put, swap
from doorward.ports import Clock, Storage
from doorward.testing.contract.records import ENTRIES, ITEMS, MARKS, TABLES, Mark


async def open_storage(adapter: str, location: str, clock: Clock) -> Storage:
    """Open what `package.module:function` opens, with the contract's tables."""
    module, _, name = adapter.partition(":")
    open_it: Callable[..., Coroutine[Any, Any, Storage]] = getattr(import_module(module), name)
    return await open_it(location, TABLES, clock)


class Child:
    """A started process. Leaving the `with` kills it, if it still runs, and waits."""

    def __init__(self, *arguments: str, module: str = "doorward.testing.contract.process") -> None:
        command = [sys.executable, "-m", module, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)  # noqa: S603 - our own

    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def say(self, line: str) -> None:
        """Send it a line."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> str:
        """The next line it says; empty at the end."""
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def lines(self) -> list[str]:
        """All that it has still to say."""
        assert self.process.stdout
        return self.process.stdout.read().splitlines()

    def wait(self) -> int:
        """Its exit status."""
        return self.process.wait()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running():
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream
            stream.close()


def say(line: str) -> None:
    """Say a line, at once."""
    os.write(1, (line + "\n").encode())


async def race(storage: Storage, rounds: str) -> None:
    """After `go`: in each round one attempt to swap, and one to use up an entry; says which succeeded."""
    say("ready")
    sys.stdin.readline()
    for number in range(int(rounds)):
        item = await storage.get(ITEMS, f"i{number}")
        if item is not None and item.count == 0:
            try:
                await storage.commit([swap(ITEMS, item, count=1)])
                say(f"swapped {number}")
            except LostRace:
                pass
        try:
            await storage.commit([Delete(ENTRIES, ("once", number), required=True)])
            say(f"used {number}")
        except LostRace:
            pass


async def writes(storage: Storage, seed: str, count: str) -> None:
    """So many batches of relations and marks, chosen by the seed."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    for _ in range(int(count)):
        relation = Relation(f"o:{dice.randrange(5)}", "r", f"u:{dice.randrange(5)}")
        first = Relate(relation) if dice.random() < 0.5 else Unrelate(relation)
        await storage.commit([first, Put(MARKS, Mark(bytes([dice.randrange(9)])))])


TASKS: dict[str, Callable[..., Coroutine[Any, Any, None]]] = {"race": race, "writes": writes}


async def run(adapter: str, location: str, task: str, *arguments: str) -> None:
    """Open the database, do the task, close it."""
    storage = await open_storage(adapter, location, SystemClock())
    try:
        await TASKS[task](storage, *arguments)
    finally:
        await storage.close()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
