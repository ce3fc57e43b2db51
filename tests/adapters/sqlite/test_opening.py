"""Opening: which files are taken, how they are made, and by which process."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from doorward.adapters.sqlite import open_sqlite
from doorward.adapters.sqlite.connection import check_version
from doorward.core.errors import Misconfigured
from doorward.core.meta import DATABASE, INITIALISED, META, TIMELINE, Meta
from doorward.core.table import Add, Put
from doorward.testing import FakeClock
from doorward.testing.contract.records import ITEMS, MARKS, TABLES, Item, Mark

pytestmark = pytest.mark.anyio


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_new_file_is_its_owners_alone(tmp_path: Path, clock: FakeClock) -> None:
    before = os.umask(0)
    try:
        storage = await open_sqlite(tmp_path / "data" / "a.db", TABLES, clock)
        await storage.commit([Add(MARKS, Mark(b"m"))])
        found = {path.name: mode(path) for path in (tmp_path / "data").iterdir()}
        await storage.close()
    finally:
        os.umask(before)
    assert mode(tmp_path / "data") == 0o700
    assert found == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600, "a.db.lock": 0o600}


async def test_it_is_the_same_database_when_it_is_opened_again(tmp_path: Path, clock: FakeClock) -> None:
    facts = []
    for _ in range(2):
        storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
        facts.append({row.name: row.value for row in await storage.page(META)})
        await storage.commit([Put(META, Meta(INITIALISED, "yes"))])
        await storage.close()
    assert facts[1] == {**facts[0], INITIALISED: "yes"}
    assert facts[0][DATABASE] != facts[0][TIMELINE]


async def test_durable_when_acknowledged(tmp_path: Path, clock: FakeClock) -> None:
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
    try:
        connection = storage._writer.committer.connection
        assert connection.execute("PRAGMA synchronous").fetchall() == [(2,)]
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    finally:
        await storage.close()


@pytest.mark.parametrize("content", [b"hello", b"SQLite format 3\0" + bytes(200), os.urandom(5000)])
async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path, clock: FakeClock, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        await open_sqlite(path, TABLES, clock)
    assert caught.value.reason == "storage.foreign"
    assert path.read_bytes() == content


async def test_an_applications_database_is_taken_only_if_it_is_offered(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE invoices (id)")
    with pytest.raises(Misconfigured) as caught:
        await open_sqlite(path, TABLES, clock)
    assert caught.value.reason == "storage.foreign"
    storage = await open_sqlite(path, TABLES, clock, shared=True)
    await storage.commit([Add(MARKS, Mark(b"m"))])
    await storage.close()
    for shared in (True, False):
        storage = await open_sqlite(path, TABLES, clock, shared=shared)
        assert await storage.get(MARKS, b"m") == Mark(b"m")
        await storage.close()
    with closing(sqlite3.connect(path)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert {name for name in names if not name.startswith(("doorward_", "sqlite_"))} == {"invoices"}


async def test_a_newer_format_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
    await storage.commit([Put(META, Meta("format", "2"))])
    await storage.close()
    with pytest.raises(Misconfigured) as caught:
        await open_sqlite(tmp_path / "a.db", TABLES, clock)
    assert caught.value.reason == "storage.format"


async def test_a_table_that_is_new_is_added(tmp_path: Path, clock: FakeClock) -> None:
    storage = await open_sqlite(tmp_path / "a.db", [ITEMS], clock)
    await storage.commit([Add(ITEMS, Item("a", "na"))])
    await storage.close()
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
    await storage.commit([Add(MARKS, Mark(b"m"))])
    assert await storage.get(ITEMS, "a") == Item("a", "na")
    await storage.close()


@pytest.mark.parametrize("found", [(3, 34, 1), (3, 8, 0), (2, 8, 17)])
def test_an_old_sqlite_is_refused(found: tuple[int, ...]) -> None:
    with pytest.raises(Misconfigured) as caught:
        check_version(found)
    assert caught.value.reason == "sqlite.version"
    check_version((3, 35, 0))


async def test_nothing_crosses_a_fork(tmp_path: Path, clock: FakeClock) -> None:
    """The child is told so, whether it uses what it inherited or opens the file anew; the parent goes on."""
    storage = await open_sqlite(tmp_path / "a.db", TABLES, clock)
    await storage.get(MARKS, b"m")
    feed = storage.feed()
    heard, said = os.pipe()
    if os.fork() == 0:
        answers = []
        for attempt in (
            lambda: storage.get(MARKS, b"m"),
            lambda: storage.commit([Add(MARKS, Mark(b"m"))]),
            lambda: open_sqlite(tmp_path / "a.db", TABLES, clock),
        ):
            try:
                _finish(attempt())
            except Misconfigured as error:
                answers.append(error.reason)
            except BaseException as error:
                answers.append(repr(error))
        try:
            feed.marker()
        except Misconfigured as error:
            answers.append(error.reason)
        os.write(said, " ".join(answers).encode())
        os._exit(0)
    os.wait()
    assert os.read(heard, 1000).decode() == " ".join(["sqlite.forked"] * 4)
    os.close(heard)
    os.close(said)
    await storage.commit([Add(MARKS, Mark(b"m"))])
    assert feed.row(MARKS, b"m") == Mark(b"m")
    await storage.close()


def _finish(attempt: object) -> None:
    """Run a coroutine that should raise before it waits for anything; no loop survives a fork."""
    try:
        attempt.send(None)  # type: ignore[attr-defined]  # it is a coroutine
    finally:
        attempt.close()  # type: ignore[attr-defined]  # as above


async def test_many_may_make_the_same_file_at_once(tmp_path: Path, clock: FakeClock) -> None:
    for number in range(5):
        path = tmp_path / f"{number}.db"
        storages = await asyncio.gather(*(open_sqlite(path, TABLES, clock) for _ in range(6)))
        await asyncio.gather(*(storage.commit([Add(MARKS, Mark(bytes([n])))]) for n, storage in enumerate(storages)))
        assert len({storage.timeline for storage in storages}) == 1
        assert len(await storages[0].page(MARKS)) == 6
        for storage in storages:
            await storage.close()
