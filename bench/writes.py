"""Durable relation writes a second, each a batch of its own with its change and audit rows, and the floor beside it.

The figure: 64 tasks, each committing one batch after the other through the Storage port. The floor: the same rows by
bare sqlite3 in one thread, 64 batches a transaction, nothing in between. `python bench/writes.py [relations before]`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from operator import itemgetter
from pathlib import Path

from doorward.adapters import SystemClock, SystemEntropy
from doorward.adapters.columns import shape
from doorward.adapters.sqlite import SqliteStorage, open_sqlite
from doorward.adapters.sqlite.placeholders import compiled
from doorward.adapters.statements import insert
from doorward.core.access.relation import RELATIONS, Relation
from doorward.core.audit import AUDIT_EVENTS, AuditEvent
from doorward.core.outcome import Relate
from doorward.core.secret import new_id
from doorward.core.table import Add

TASKS = 64
ROUNDS = 3
BATCHES = 20_000
CLOCK, ENTROPY = SystemClock(), SystemEntropy()


def relation(number: int) -> Relation:
    return Relation(f"document:{number * 7919 % 1_000_003:07}-{number}", "viewer", f"user:{number * 31 % 50_021:05}")


def event(number: int) -> AuditEvent:
    now = CLOCK.now()
    id = new_id("evt", now, ENTROPY.bytes(10))
    row = relation(number)
    return AuditEvent(id, now, "user:usr_01ADMIN", "relation.write", row.object, "ok", request=f"req_{number}")


async def preload(storage: SqliteStorage, count: int) -> None:
    for start in range(0, count, 5000):
        await storage.commit([Relate(relation(-n)) for n in range(start + 1, min(start + 5000, count) + 1)])


async def through_the_port(path: Path, before: int) -> tuple[float, list[float]]:
    storage = await open_sqlite(path, [RELATIONS, AUDIT_EVENTS], CLOCK)
    await preload(storage, before)
    numbers, waits = iter(range(BATCHES)), []

    async def work() -> None:
        for number in numbers:
            started = time.perf_counter()
            await storage.commit([Relate(relation(number)), Add(AUDIT_EVENTS, event(number))])
            waits.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(TASKS)))
    taken = time.perf_counter() - started
    await storage.close()
    return BATCHES / taken, sorted(waits)


async def bare(path: Path, before: int) -> float:
    storage = await open_sqlite(path, [RELATIONS, AUDIT_EVENTS], CLOCK)
    await preload(storage, before)
    await storage.close()
    relations, events = (compiled(insert(table)).text for table in (RELATIONS, AUDIT_EVENTS))
    change = "INSERT INTO doorward_changes (first, at, kind, name, body) VALUES (NULL, ?, 'relate', 'relations', ?)"
    rows = [
        (
            (CLOCK.now(), f'["default","{relation(n).object}","viewer","{relation(n).subject}","",{{}},null]'),
            shape(RELATIONS).row(relation(n)),
            shape(AUDIT_EVENTS).row(event(n)),
        )
        for n in range(BATCHES)
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous = FULL", "cache_size = -32768", "wal_autocheckpoint = 4000"):
            connection.execute(f"PRAGMA {pragma}")
        started = time.perf_counter()
        for start in range(0, BATCHES, TASKS):
            connection.execute("BEGIN IMMEDIATE")
            for one, two, three in rows[start : start + TASKS]:
                connection.execute(change, one)
                connection.execute(relations, two)
                connection.execute(events, three)
            connection.execute("COMMIT")
        return BATCHES / (time.perf_counter() - started)


def main() -> None:
    before = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    figures, floors = [], []
    for _ in range(ROUNDS):  # in turns, so that what else the machine does falls on both
        with tempfile.TemporaryDirectory() as folder:
            figures.append(asyncio.run(through_the_port(Path(folder) / "port.db", before)))
            floors.append(asyncio.run(bare(Path(folder) / "bare.db", before)))
    (figure, waits), floor = max(figures, key=itemgetter(0)), max(floors)
    p50, p99 = (waits[len(waits) * part // 100] * 1000 for part in (50, 99))
    print(f"{BATCHES} durable batches of relation, change and audit row into {before} relations, {TASKS} at once")
    print(f"best of {ROUNDS}: through the port {figure:.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"floor, bare sqlite3: {floor:.0f}/s; ratio {figure / floor:.2f}")


if __name__ == "__main__":
    main()
