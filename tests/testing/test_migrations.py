"""Every table is made by a migration, and exactly as it is declared."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from doorward.adapters import migrations
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS
from doorward.testing.migrations import differences, owned, write
from doorward.testing.world import all_tables


def test_the_migrated_schema_is_the_declared_one() -> None:
    assert differences(all_tables()) == []


def test_every_owner_has_migrations() -> None:
    assert [owner for owner in owned(all_tables()) if not migrations.of(owner)] == []


def test_a_difference_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wider = replace(USERS, lookup=(("name",),))
    found = differences([wider, SERVICE_ACCOUNTS])
    assert [line.split()[:2] for line in found] == [["`users`", "lacks"], ["`users`", "has"]]
    assert "users__name" in found[0]
    assert "users__status" in found[1]


def test_first_migrations_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "writes_for_a_test"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    import_module(package.name)
    table = replace(USERS, owner=package.name)
    try:
        (written,) = write([table])
        assert written == package / "migrations" / "0001_tables.sql"
        assert write([table]) == []
        assert differences([table]) == []
        assert write([replace(table, lookup=())], again=True) == [written]
        assert differences([table]) != []
    finally:
        del sys.modules[package.name]
        migrations.of.cache_clear()
