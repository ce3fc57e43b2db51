"""When reading goes wrong, and what readers leave behind."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doorward.adapters.sqlite import SqliteStorage, open_sqlite
from doorward.adapters.sqlite.lock import alone
from doorward.core.errors import Unavailable
from doorward.core.table import Add
from doorward.testing import FakeClock
from doorward.testing.contract.records import ENTRIES, MARKS, TABLES, Entry, Mark

pytestmark = pytest.mark.anyio


@pytest.fixture
async def storage(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqliteStorage]:
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
    yield storage
    await storage.close()


async def test_a_reader_that_finds_the_file_locked_waits_in_a_thread(storage: SqliteStorage) -> None:
    threads = []

    def work(connection: sqlite3.Connection) -> str:
        threads.append(threading.current_thread())
        if len(threads) == 1:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return "read"

    assert await storage._read(work) == "read"
    assert threads[0] is threading.current_thread() is not threads[1]


async def test_a_damaged_database_gives_no_answer(tmp_path: Path, clock: FakeClock) -> None:
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
    await storage.commit([Add(ENTRIES, Entry("b", n, "x" * 500)) for n in range(100)])
    ((page,),) = await storage.read("SELECT rootpage FROM sqlite_master WHERE name = 'doorward_contract_entries'")
    await storage.close()
    content = bytearray((tmp_path / "a.db").read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    (tmp_path / "a.db").write_bytes(content)
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
    with pytest.raises(Unavailable) as caught:
        await storage.page(ENTRIES, limit=1000)
    assert caught.value.reason == "storage.read"
    with pytest.raises(Unavailable):
        await storage.read("SELECT text FROM {contract_entries} ORDER BY book, number")
    with pytest.raises(Unavailable):
        await storage.read("SELECT no FROM {contract_entries}")
    await storage.close()


async def test_a_thread_that_ends_leaves_no_connection(storage: SqliteStorage) -> None:
    def read() -> None:
        asyncio.run(storage.get(MARKS, b"m"))  # type: ignore[arg-type]  # a coroutine

    for _ in range(20):
        thread = threading.Thread(target=read)
        thread.start()
        await asyncio.to_thread(thread.join)
    assert len(storage._readers) <= 2


async def test_nobody_opens_what_is_being_restored(tmp_path: Path, clock: FakeClock) -> None:
    with alone(tmp_path / "a.db"), pytest.raises(Unavailable) as caught:
        await open_sqlite(tmp_path / "a.db", TABLES, clock)
    assert caught.value.reason == "storage.restoring"


async def test_a_place_where_no_file_can_be(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(Unavailable) as caught:
        await open_sqlite(tmp_path / "folder.db", TABLES, clock)
    assert caught.value.reason == "storage.open"
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unavailable) as caught:
        await open_sqlite(tmp_path / "file" / "a.db", TABLES, clock)
    assert caught.value.reason == "storage.open"


async def test_an_answer_is_there_while_another_process_writes(storage: SqliteStorage) -> None:
    await storage.commit([Add(MARKS, Mark(b"m"))])
    other = sqlite3.connect(storage.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert await storage.get(MARKS, b"m") == Mark(b"m")
    assert await storage.read("SELECT count(*) FROM {contract_marks}") == [(1,)]
    other.close()
