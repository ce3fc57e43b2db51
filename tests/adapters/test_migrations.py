"""Migrations: found, checked, applied once, and forward only."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from doorward.adapters import migrations
from doorward.adapters.sqlite import open_sqlite
from doorward.core.access.relation import RELATIONS
from doorward.core.errors import Misconfigured
from doorward.core.table import Add, Table
from doorward.domain.accounts.records import USERS
from doorward.domain.clients.records import CLIENTS
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Thing:
    id: str
    name: str


@dataclass(frozen=True)
class GrownThing:
    id: str
    name: str
    size: int


OWNER = "things_for_a_test"
THINGS = Table("things", Thing, key=("id",), owner=OWNER)
GROWN = Table("things", GrownThing, key=("id",), lookup=(("size",),), owner=OWNER)
GROW = """-- Things have a size; it's 1 for those of before.
ALTER TABLE {things} ADD COLUMN "size" BIGINT NOT NULL DEFAULT 1;
UPDATE {things} SET "name" = "name" || ';';
CREATE INDEX {things__size} ON {things} ("size");
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The migrations of a package that is made for the test."""
    made = tmp_path / OWNER / "migrations"
    made.mkdir(parents=True)
    (made.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    __import__(OWNER)
    (made / "0001_tables.sql").write_text(migrations.first(OWNER, [THINGS]))
    migrations.of.cache_clear()
    yield made
    sys.modules.pop(OWNER)
    migrations.of.cache_clear()


def add(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    migrations.of.cache_clear()


async def rows(path: Path, table: Table[Any], clock: FakeClock, *new: Any) -> list[Any]:
    storage = await open_sqlite(path, [table], clock)
    try:
        await storage.commit([Add(table, record) for record in new])
        return await storage.page(table)
    finally:
        await storage.close()


def test_owners() -> None:
    assert [migrations.owner_of(table) for table in (USERS, CLIENTS, RELATIONS, THINGS)] == [
        "doorward.domain.accounts",
        "doorward.domain.clients",
        "doorward.adapters",
        OWNER,
    ]


async def test_data_survive_a_migration(folder: Path, tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "a.db"
    assert await rows(path, THINGS, clock, Thing("1", "one")) == [Thing("1", "one")]
    add(folder, "0002_size.sql", GROW)
    assert await rows(path, GROWN, clock, GrownThing("2", "two", 5)) == [
        GrownThing("1", "one;", 1),
        GrownThing("2", "two", 5),
    ]
    assert len(await rows(path, GROWN, clock)) == 2
    assert await rows(tmp_path / "fresh.db", GROWN, clock) == []


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    folder: Path, tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "a.db"
    await rows(path, THINGS, clock, Thing("1", "one"))
    add(folder, "0002_size.sql", GROW + "UPDATE {nothing} SET a = 1;")
    with pytest.raises(Exception, match="nothing"):
        await rows(path, GROWN, clock)
    add(folder, "0002_size.sql", GROW)
    assert await rows(path, GROWN, clock) == [GrownThing("1", "one;", 1)]


async def test_an_edited_migration_is_refused(folder: Path, tmp_path: Path, clock: FakeClock) -> None:
    await rows(tmp_path / "a.db", THINGS, clock)
    add(folder, "0001_tables.sql", migrations.first(OWNER, [THINGS]) + "-- a remark\n")
    with pytest.raises(Misconfigured) as caught:
        await rows(tmp_path / "a.db", THINGS, clock)
    assert caught.value.reason == "migration.edited"


async def test_a_database_of_a_newer_version_is_refused(folder: Path, tmp_path: Path, clock: FakeClock) -> None:
    add(folder, "0002_size.sql", GROW)
    await rows(tmp_path / "a.db", GROWN, clock)
    (folder / "0002_size.sql").unlink()
    migrations.of.cache_clear()
    with pytest.raises(Misconfigured) as caught:
        await rows(tmp_path / "a.db", THINGS, clock)
    assert caught.value.reason == "migration.unknown"


async def test_a_number_that_is_left_out_is_refused(folder: Path, tmp_path: Path, clock: FakeClock) -> None:
    add(folder, "0003_size.sql", GROW)
    with pytest.raises(Misconfigured) as caught:
        await rows(tmp_path / "a.db", THINGS, clock)
    assert caught.value.reason == "migration.number"


async def test_a_table_no_migration_makes_is_refused(folder: Path, tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(Misconfigured) as caught:
        await rows(tmp_path / "a.db", Table("others", Thing, key=("id",), owner=OWNER), clock)
    assert caught.value.reason == "migration.missing"


def test_statements_end_at_semicolons_outside_literals_and_comments() -> None:
    text = "-- a; b\nA 'x;''y' \"q;\";\n/* ; */ B - 1;\n\nC / 2\n;"
    assert migrations.statements(text) == ("A 'x;''y' \"q;\"", "B - 1", "C / 2")


def test_a_package_without_migrations_has_none() -> None:
    sys.modules["empty_for_a_test"] = types.ModuleType("empty_for_a_test")
    try:
        assert migrations.of("nowhere.at_all") == migrations.of("") == ()
    finally:
        del sys.modules["empty_for_a_test"]
