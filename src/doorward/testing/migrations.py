"""Migrations, for those who write tables: what a first one should say, and whether files and descriptors agree.

`python -m doorward.testing.migrations` writes `migrations/0001_tables.sql` for every owner that has none, and names
each table whose migrated schema is not the declared one; `--again` writes the first migrations anew.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

from doorward.adapters import ddl, migrations
from doorward.adapters.sqlite.schema import sqlite_ddl
from doorward.adapters.statements import PREFIX
from doorward.core.meta import META
from doorward.core.table import Table
from doorward.testing.world import all_tables

FIRST = "0001_tables.sql"


def owned(tables: Iterable[Table[Any]]) -> dict[str, list[Table[Any]]]:
    """Tables by the package that owns their migrations."""
    by_owner: dict[str, list[Table[Any]]] = {}
    for table in tables:
        if table is not META:  # the adapters make it before any migration runs
            by_owner.setdefault(migrations.owner_of(table), []).append(table)
    return by_owner


def differences(tables: Iterable[Table[Any]]) -> list[str]:
    """Tables whose schema after all migrations is not the declared one, each with what differs."""
    found: list[str] = []
    with closing(sqlite3.connect(":memory:")) as migrated, closing(sqlite3.connect(":memory:")) as declared:
        for owner, theirs in owned(tables).items():
            for migration in migrations.of(owner):
                for statement in migration.statements:
                    migrated.execute(sqlite_ddl(statement))
            for table in theirs:
                for statement in ddl.create(table):
                    declared.execute(sqlite_ddl(statement))
                is_now, should_be = schema(migrated, table), schema(declared, table)
                found += [f"`{table.name}` lacks {part}" for part in sorted(should_be - is_now)]
                found += [f"`{table.name}` has too much: {part}" for part in sorted(is_now - should_be)]
    return found


def schema(connection: sqlite3.Connection, table: Table[Any]) -> set[str]:
    """Columns and indexes of a table, each as a line of text, whatever order they were made in."""
    name = PREFIX + table.name
    columns = connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (name,)).fetchall()
    indexes = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", (name,))
    lines = {
        f"column {column} {type}{' NOT NULL' if needed else ''} key:{key}" for column, type, needed, key in columns
    }
    return lines | {" ".join(sql.split()) for (sql,) in indexes.fetchall() if sql}


def write(tables: Iterable[Table[Any]], *, again: bool = False) -> list[Path]:
    """Write the first migration of every owner that has none (or of all, `again`); the files written."""
    written: list[Path] = []
    for owner, theirs in owned(tables).items():
        path = Path(str(files(owner))) / "migrations" / FIRST
        if again or not migrations.of(owner):
            path.parent.mkdir(exist_ok=True)
            path.write_text(migrations.first(owner, theirs), "utf-8")
            written.append(path)
    migrations.of.cache_clear()
    return written


def main() -> int:
    """The command."""
    tables = all_tables()
    for path in write(tables, again="--again" in sys.argv[1:]):
        print(f"wrote {path}")
    found = differences(tables)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
