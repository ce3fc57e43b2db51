"""When writing goes wrong: who is told what, and who is not concerned."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from doorward.adapters.sqlite import SqliteStorage, open_sqlite
from doorward.adapters.sqlite.batch import Run
from doorward.core.errors import Exists, Unavailable
from doorward.core.instant import Seconds
from doorward.core.table import Add, Put
from doorward.testing import FakeClock
from doorward.testing.contract.records import ENTRIES, ITEMS, MARKS, TABLES, Entry, Item, Mark

pytestmark = pytest.mark.anyio


@pytest.fixture
async def storage(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStorage]:
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock, busy_timeout=Seconds(0))
    yield storage
    await storage.close()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """What a full disk does to a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_commit_that_fails_is_unknown_and_the_next_one_works(storage: SqliteStorage) -> None:
    await storage.commit([Add(MARKS, Mark(b"before"))])
    log = storage.path.with_name("a.db-wal").stat().st_size
    with no_file_larger_than(log):
        results = await asyncio.gather(
            *(storage.commit([Add(MARKS, Mark(bytes([n])))]) for n in range(3)), return_exceptions=True
        )
    assert [getattr(result, "reason", result) for result in results] == ["storage.unknown"] * 3
    await storage.commit([Add(MARKS, Mark(b"after"))])
    assert await storage.page(MARKS) == [Mark(b"after"), Mark(b"before")]


async def test_a_full_database_fails_what_was_in_the_transaction_and_nothing_else(storage: SqliteStorage) -> None:
    connection = storage._writer.committer.connection
    pages = connection.execute("PRAGMA page_count").fetchall()[0][0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
    results = await asyncio.gather(
        storage.commit([Add(ENTRIES, Entry("small", 1))]),
        storage.commit([Add(ENTRIES, Entry("large", n, "x" * 3000)) for n in range(50)]),
        storage.commit([Add(ENTRIES, Entry("small", 2))]),
        return_exceptions=True,
    )
    assert [getattr(result, "reason", "kept") for result in results] == ["storage.failed", "storage.failed", "kept"]
    assert await storage.page(ENTRIES) == [Entry("small", 2)]


async def test_a_lost_batch_rolls_back_alone(storage: SqliteStorage) -> None:
    await storage.commit([Add(ITEMS, Item("a", "na"))])
    results = await asyncio.gather(
        *(
            storage.commit([Add(ENTRIES, Entry("b", n)), Add(ITEMS, Item(f"i{n}", "na" if n % 2 else f"n{n}"))])
            for n in range(10)
        ),
        return_exceptions=True,
    )
    assert [isinstance(result, Exists) for result in results] == [False, True] * 5
    assert [entry.number for entry in await storage.page(ENTRIES)] == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("size", [1, 2, 40, 300])
async def test_lost_batches_among_many_are_the_only_ones_lost(storage: SqliteStorage, size: int) -> None:
    await storage.commit([Add(ITEMS, Item("a", "na"))])
    for turn in range(3):
        lost = {size // 2, size - 1}
        results = await asyncio.gather(
            *(
                storage.commit(
                    [Add(ENTRIES, Entry(f"b{turn}", n)), *([Add(ITEMS, Item("a", "na"))] if n in lost else [])]
                )
                for n in range(size)
            ),
            return_exceptions=True,
        )
        assert {n for n, result in enumerate(results) if isinstance(result, Exists)} == lost
        kept = await storage.page(ENTRIES, {"book": f"b{turn}"}, limit=1000)
        assert {entry.number for entry in kept} == set(range(size)) - lost


async def test_an_error_nobody_thought_of_reaches_its_batch_alone(storage: SqliteStorage) -> None:
    broken = Entry("b", 1, None)  # type: ignore[arg-type]  # that is the point
    results = await asyncio.gather(
        storage.commit([Add(ENTRIES, Entry("b", 0))]),
        storage.commit([Add(ENTRIES, broken)]),
        storage.commit([Add(ENTRIES, Entry("b", 2))]),
        return_exceptions=True,
    )
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert [entry.number for entry in await storage.page(ENTRIES)] == [0, 2]


async def test_waiting_for_another_writer_is_bounded(storage: SqliteStorage) -> None:
    with closing(sqlite3.connect(storage.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as caught:
            await storage.commit([Add(MARKS, Mark(b"m"))])
        assert caught.value.reason == "storage.busy"
        assert await storage.get(MARKS, b"m") is None
        other.execute("ROLLBACK")
    await storage.commit([Add(MARKS, Mark(b"m"))])


async def test_a_writer_waits_for_another_that_ends_in_time(tmp_path: Path, clock: FakeClock) -> None:
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock, busy_timeout=Seconds(60))
    with closing(sqlite3.connect(storage.path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(storage.commit([Add(MARKS, Mark(b"m"))]))
        await asyncio.sleep(0)
        await storage.get(MARKS, b"m")
        assert not waiting.done()
        other.execute("ROLLBACK")
        await waiting
    await storage.close()


async def test_what_was_submitted_before_closing_is_written(storage: SqliteStorage, clock: FakeClock) -> None:
    waiting = [asyncio.ensure_future(storage.commit([Add(ENTRIES, Entry("b", n))])) for n in range(50)]
    await asyncio.sleep(0)
    await storage.close()
    await asyncio.gather(*waiting)
    with pytest.raises(Unavailable):
        await storage.commit([Put(MARKS, Mark(b"m"))])
    again = await open_sqlite(storage.path, TABLES, clock)
    assert len(await again.page(ENTRIES)) == 50
    await again.close()


async def test_several_loops_share_a_writer(storage: SqliteStorage) -> None:
    def elsewhere(first: int) -> None:
        async def write() -> None:
            await asyncio.gather(*(storage.commit([Add(ENTRIES, Entry("b", first + n))]) for n in range(20)))
            assert await storage.get(ENTRIES, "b", first) is not None

        asyncio.run(write())

    threads = [threading.Thread(target=elsewhere, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(storage.commit([Add(ENTRIES, Entry("here", n))]) for n in range(20)))
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert len(await storage.page(ENTRIES, limit=1000)) == 100
    await storage.get(ENTRIES, "b", 0)


async def test_a_step_that_breaks_the_transaction_is_answered_and_so_is_the_next(storage: SqliteStorage) -> None:
    def commits(run: Run) -> None:
        run.connection.execute("COMMIT")

    def begins_anew(run: Run) -> None:
        run.connection.execute("COMMIT")
        run.connection.execute("BEGIN")

    for step, reason in ((commits, "storage.failed"), (begins_anew, "storage.unknown")):
        storage._writer.committer._careful = 1
        with pytest.raises(Unavailable) as caught:
            await storage._writer.submit([step])
        assert caught.value.reason == reason
        await storage.commit([Put(MARKS, Mark(b"m"))])


async def test_what_is_handed_over_too_late_is_refused(storage: SqliteStorage) -> None:
    waiting = asyncio.ensure_future(storage.commit([Put(MARKS, Mark(b"m"))]))
    storage._writer._closed = True
    with pytest.raises(Unavailable) as caught:
        await waiting
    assert caught.value.reason == "storage.closed"
    storage._writer._closed = False


async def test_an_error_after_a_cancellation_stays_a_cancellation(storage: SqliteStorage) -> None:
    await storage.commit([Add(MARKS, Mark(b"m"))])
    waiting = asyncio.ensure_future(storage.commit([Add(MARKS, Mark(b"m"))]))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_loop_that_has_ended_holds_nobody_up(storage: SqliteStorage) -> None:
    def leave() -> None:
        loop = asyncio.new_event_loop()
        task = loop.create_task(storage.commit([Add(MARKS, Mark(b"left"))]))
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # that it is left pending is the point
        loop.close()

    await asyncio.to_thread(leave)
    await storage.commit([Add(MARKS, Mark(b"m"))])
    assert await storage.page(MARKS) == [Mark(b"left"), Mark(b"m")]
