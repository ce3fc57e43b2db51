"""Backup of a live database, and restore on a new timeline."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from doorward.adapters.sqlite import SqliteStorage, backup, open_sqlite, restore
from doorward.core.access.relation import Relation
from doorward.core.errors import Exists, Misconfigured, Unavailable
from doorward.core.instant import Instant, Seconds, after
from doorward.core.meta import DATABASE, INITIALISED, META, TIMELINE, VALID_FROM, Meta
from doorward.core.outcome import Relate
from doorward.core.table import Add, Put
from doorward.domain.accounts.records import USERS, User
from doorward.domain.credentials.records import ATTEMPTS, Attempts
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.tables import DOMAIN_TABLES
from doorward.domain.tokens.records import FAMILIES, REVOKED_TOKENS, Family, RevokedToken
from doorward.ports import Revision
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


async def opened(path: Path, clock: FakeClock) -> SqliteStorage:
    return await open_sqlite(path, DOMAIN_TABLES, clock)


async def fill(storage: SqliteStorage, clock: FakeClock) -> None:
    now, later = clock.now(), after(clock.now(), Seconds(9999))
    await storage.commit(
        [
            Add(USERS, User("usr_1", "ann", "ann")),
            Add(SESSIONS, Session("ses_1", "d", "usr_1", now, now, later, later, now, "acr", ("pwd",))),
            Add(FAMILIES, Family("fam_1", "usr_1", "c", (), "", now, later, code="x")),
            Add(REVOKED_TOKENS, RevokedToken("jti", later)),
            Add(ATTEMPTS, Attempts("account:x", 9, now, later)),
            Put(META, Meta(INITIALISED, "yes")),
            Relate(Relation("invoice:7", "viewer", "user:usr_1")),
        ]
    )


async def test_a_backup_is_one_state_of_a_live_database(tmp_path: Path, clock: FakeClock) -> None:
    storage = await opened(tmp_path / "a.db", clock)
    await fill(storage, clock)
    ending = asyncio.Event()

    async def write() -> int:
        count = 0
        while not ending.is_set():
            pair = [Add(USERS, User(f"{count}{half}", f"{count}{half}", f"{count}{half}")) for half in "ab"]
            await storage.commit(pair)
            count += 1
        return count

    writing = asyncio.ensure_future(write())
    for number in range(5):
        await storage.backup(tmp_path / f"{number}.backup")
    ending.set()
    assert await writing > 0
    await storage.close()
    for number in range(5):
        copy = await opened(tmp_path / f"{number}.backup", clock)
        users = {user.id for user in await copy.page(USERS, limit=100_000)} - {"usr_1"}
        assert {user[:-1] + "b" for user in users} == {user for user in users if user.endswith("b")}
        assert await copy.get(SESSIONS, "ses_1") is not None
        await copy.close()
    assert stat.S_IMODE((tmp_path / "0.backup").stat().st_mode) == 0o600


async def test_a_backup_replaces_nothing(tmp_path: Path, clock: FakeClock) -> None:
    await (await opened(tmp_path / "a.db", clock)).close()
    (tmp_path / "b").write_text("mine")
    with pytest.raises(Exists):
        backup(tmp_path / "a.db", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"
    with pytest.raises(Misconfigured):
        backup(tmp_path / "none.db", tmp_path / "c")
    with closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE t (a)")
    with pytest.raises(Misconfigured):
        backup(tmp_path / "foreign.db", tmp_path / "c")
    assert not (tmp_path / "c").exists()


async def test_a_restore_begins_a_new_timeline_in_which_nobody_is_signed_in(tmp_path: Path, clock: FakeClock) -> None:
    storage = await opened(tmp_path / "a.db", clock)
    await fill(storage, clock)
    await storage.backup(tmp_path / "copy")
    before = {fact.name: fact.value for fact in await storage.page(META)}
    await storage.commit([Add(USERS, User("usr_2", "bob", "bob"))])
    await storage.close()
    clock.advance(60)
    restore(tmp_path / "copy", tmp_path / "a.db", DOMAIN_TABLES, clock=clock)
    storage = await opened(tmp_path / "a.db", clock)
    facts = {fact.name: fact.value for fact in await storage.page(META)}
    assert facts[DATABASE] == before[DATABASE]
    assert facts[INITIALISED] == "yes"
    assert facts[TIMELINE] != before[TIMELINE]
    assert storage.feed().timeline() == facts[TIMELINE]
    assert Instant(int(facts[VALID_FROM])) == clock.now()
    assert [user.id for user in await storage.page(USERS)] == ["usr_1"]
    assert await storage.page(SESSIONS) == await storage.page(FAMILIES) == []
    assert await storage.get(REVOKED_TOKENS, "jti") is not None
    assert await storage.get(ATTEMPTS, "account:x") is not None
    assert await storage.changes(Revision(0)) is None
    (row,) = storage.feed().rows(next(table for table in DOMAIN_TABLES if table.name == "relations"))
    assert row.subject == "user:usr_1"
    await storage.commit([Add(USERS, User("usr_3", "eve", "eve"))])
    await storage.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "a.db.lock", "copy"]
    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600


async def test_a_restore_waits_for_nobody_who_has_the_database_open(tmp_path: Path, clock: FakeClock) -> None:
    storage = await opened(tmp_path / "a.db", clock)
    await storage.backup(tmp_path / "copy")
    with pytest.raises(Unavailable) as caught:
        restore(tmp_path / "copy", tmp_path / "a.db", DOMAIN_TABLES, clock=clock)
    assert caught.value.reason == "storage.in_use"
    await storage.close()
    with closing(sqlite3.connect(tmp_path / "a.db")) as other:  # somebody who does not know our lock
        other.execute("SELECT count(*) FROM doorward_users").fetchall()
        with pytest.raises(Unavailable) as caught:
            restore(tmp_path / "copy", tmp_path / "a.db", DOMAIN_TABLES, clock=clock)
    assert caught.value.reason == "storage.in_use"
    restore(tmp_path / "copy", tmp_path / "a.db", DOMAIN_TABLES, clock=clock)


async def test_a_damaged_backup_is_refused_and_the_database_stays(tmp_path: Path, clock: FakeClock) -> None:
    storage = await opened(tmp_path / "a.db", clock)
    await fill(storage, clock)
    await storage.backup(tmp_path / "copy")
    await storage.close()
    content = bytearray((tmp_path / "copy").read_bytes())
    for offset in range(8192, len(content) - 4096, 4096):
        content[offset : offset + 2000] = bytes(2000)
    (tmp_path / "damaged").write_bytes(content)
    (tmp_path / "text").write_text("hello")
    for wrong in ("damaged", "text", "none"):
        with pytest.raises((Misconfigured, Unavailable)):
            restore(tmp_path / wrong, tmp_path / "a.db", DOMAIN_TABLES, clock=clock)
    storage = await opened(tmp_path / "a.db", clock)
    assert await storage.get(SESSIONS, "ses_1") is not None
    await storage.close()
    assert not (tmp_path / "a.db.restoring").exists()


async def test_a_damaged_database_is_replaced(tmp_path: Path, clock: FakeClock) -> None:
    storage = await opened(tmp_path / "a.db", clock)
    await fill(storage, clock)
    await storage.backup(tmp_path / "copy")
    await storage.close()
    (tmp_path / "a.db").write_bytes(b"rubbish" * 1000)
    (tmp_path / "a.db-wal").write_bytes(b"rubbish")
    restore(tmp_path / "copy", tmp_path / "a.db", DOMAIN_TABLES, clock=clock)
    restore(tmp_path / "copy", tmp_path / "new" / "b.db", DOMAIN_TABLES, clock=clock)
    for path in (tmp_path / "a.db", tmp_path / "new" / "b.db"):
        storage = await opened(path, clock)
        assert await storage.get(USERS, "usr_1") is not None
        await storage.close()
