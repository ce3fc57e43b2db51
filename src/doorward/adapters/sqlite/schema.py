"""The database file: ours or not, new or not, and its tables brought up to what this version declares."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from doorward.adapters import ddl, migrations
from doorward.adapters.sqlite.connection import connect, disconnect, explained, foreign, is_busy
from doorward.adapters.statements import PREFIX
from doorward.core.errors import Misconfigured, Unavailable
from doorward.core.instant import Seconds
from doorward.core.meta import DATABASE, FORMAT, META, TIMELINE
from doorward.core.table import Table
from doorward.ports import Clock, Entropy

FORMAT_VERSION = 1
TYPES = {"TEXT": "TEXT", "BIGINT": "INTEGER", "BOOLEAN": "INTEGER", "BYTES": "BLOB", "JSON": "TEXT"}
CHANGES = f"{PREFIX}changes"
MIGRATIONS = f"{PREFIX}migrations"
OWN = (
    # `first` is the revision of the first entry of its batch, null in the first itself
    f"""
CREATE TABLE IF NOT EXISTS {CHANGES} (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    first INTEGER,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL
)""",
    f"""
CREATE TABLE IF NOT EXISTS {MIGRATIONS} (
    owner TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (owner, number)
)""",
)
"""This adapter's own tables: they belong to the format, not to a migration."""


def prepare(
    connection: sqlite3.Connection,
    path: Path,
    tables: Iterable[Table[Any]],
    *,
    clock: Clock,
    entropy: Entropy,
    patience: Seconds,
    shared: bool,
) -> None:
    """Make and migrate every table in one transaction, if anything is missing.

    Misconfigured when the file is not ours, is newer than we are, or can't have a write-ahead log.
    """
    wanted = [META, *(table for table in tables if table is not META)]

    def attempt() -> None:
        if not shared or META.name in _names(connection):
            _check_ours(connection, path, empty=True)
        if connection.execute("PRAGMA journal_mode = WAL").fetchall()[0][0] != "wal":
            raise Misconfigured(
                f"SQLite can't keep a write-ahead log for `{path}`",
                reason="sqlite.wal",
                hint="put the database on a local disk",
            )
        if _complete(connection, wanted):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            _bring_up(connection, wanted, clock, entropy)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    try:
        patiently(attempt, patience)  # another process may be making the same file at this moment
    except sqlite3.DatabaseError as error:
        raise explained(error, path) from error


def check_ours(path: Path) -> None:
    """Misconfigured unless the file is a doorward database, no newer than we are."""
    if not path.exists():
        raise Misconfigured(f"there is no database `{path}`", reason="storage.missing")
    connection = connect(str(path))
    try:
        _check_ours(connection, path)
    except sqlite3.DatabaseError as error:
        raise explained(error, path) from error
    finally:
        disconnect(connection)


def begin(connection: sqlite3.Connection, patience: Seconds) -> None:
    """Begin to write, as soon as no other process does; Unavailable after `patience`."""
    patiently(lambda: connection.execute("BEGIN IMMEDIATE"), patience)


def patiently(work: Callable[[], object], patience: Seconds) -> None:
    """Do it, again each millisecond while another process is in the way; Unavailable after `patience`.

    Asking often is fairer between processes than SQLite's own growing naps.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            work()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            if time.monotonic() >= deadline:
                raise Unavailable(
                    f"another process has been writing for {patience} s; nothing was changed",
                    reason="storage.busy",
                    hint="find the process that keeps a write transaction open, or raise DOORWARD_BUSY_TIMEOUT",
                ) from error
        else:
            return
        time.sleep(0.001)


def timeline(connection: sqlite3.Connection) -> str:
    """The timeline that revisions of this database are of."""
    rows = connection.execute(f"SELECT value FROM {PREFIX}meta WHERE name = ?", (TIMELINE,)).fetchall()
    return str(rows[0][0])


def _names(connection: sqlite3.Connection) -> set[str]:
    """Every table: ours without the prefix, others with a mark no name of ours has."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name.removeprefix(PREFIX) if name.startswith(PREFIX) else f"?{name}" for (name,) in rows}


def _check_ours(connection: sqlite3.Connection, path: Path, *, empty: bool = False) -> None:
    names = _names(connection)
    if META.name not in names and (names or not empty):
        raise foreign(path)
    if META.name not in names:
        return
    rows = connection.execute(f"SELECT value FROM {PREFIX}meta WHERE name = ?", (FORMAT,)).fetchall()
    if not rows:
        raise foreign(path)
    if int(rows[0][0]) > FORMAT_VERSION:
        raise Misconfigured(
            f"the database `{path}` has format {rows[0][0]}, this doorward knows {FORMAT_VERSION}",
            reason="storage.format",
            hint="run the newer doorward that wrote it",
        )


def _complete(connection: sqlite3.Connection, tables: Sequence[Table[Any]]) -> bool:
    names = _names(connection)
    if "migrations" not in names:
        return False
    return not migrations.pending(tables, _applied(connection)) and all(table.name in names for table in tables)


def _applied(connection: sqlite3.Connection) -> dict[tuple[str, int], str]:
    rows = connection.execute(f"SELECT owner, number, checksum FROM {MIGRATIONS}").fetchall()
    return {(owner, number): checksum for owner, number, checksum in rows}


def _bring_up(connection: sqlite3.Connection, tables: Sequence[Table[Any]], clock: Clock, entropy: Entropy) -> None:
    for statement in OWN:
        connection.execute(statement)
    if META.name not in _names(connection):
        _make(connection, META)
    facts = ((DATABASE, entropy.bytes(16).hex()), (TIMELINE, entropy.bytes(8).hex()), (FORMAT, str(FORMAT_VERSION)))
    connection.executemany(f"INSERT OR IGNORE INTO {PREFIX}meta (name, value) VALUES (?, ?)", facts)
    for migration in migrations.pending(tables, _applied(connection)):
        for statement in migration.statements:
            connection.execute(sqlite_ddl(statement))
        row = (migration.owner, migration.number, migration.name, migration.checksum, clock.now())
        connection.execute(f"INSERT INTO {MIGRATIONS} VALUES (?, ?, ?, ?, ?)", row)
    names = _names(connection)
    for table in (table for table in tables if table.name not in names):
        if migrations.of(owner := migrations.owner_of(table)):
            raise Misconfigured(
                f"no migration of `{owner}` makes the table `{table.name}`",
                reason="migration.missing",
                hint="write one; `python -m doorward.testing.migrations` shows what it should say",
            )
        _make(connection, table)


def _make(connection: sqlite3.Connection, table: Table[Any]) -> None:
    for statement in ddl.create(table):
        connection.execute(sqlite_ddl(statement))


def sqlite_ddl(statement: str) -> str:
    """A neutral statement in SQLite's words. Tables are clustered on their key: one tree instead of two."""
    text = ddl.rendered(statement, TYPES, lambda name: f'"{PREFIX}{name}"')
    return f"{text} WITHOUT ROWID" if text.startswith("CREATE TABLE") else text
