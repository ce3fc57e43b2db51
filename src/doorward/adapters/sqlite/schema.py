"""The database file: ours or not, new or not, and its tables brought up to what this version declares."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from doorward.adapters import ddl
from doorward.adapters.sqlite.connection import is_busy
from doorward.adapters.statements import PREFIX
from doorward.core.errors import Misconfigured, Unavailable
from doorward.core.instant import Seconds
from doorward.core.meta import DATABASE, FORMAT, META, TIMELINE
from doorward.core.table import Table
from doorward.ports import Clock, Entropy

FORMAT_VERSION = 1
TYPES = {"TEXT": "TEXT", "BIGINT": "INTEGER", "BOOLEAN": "INTEGER", "BYTES": "BLOB", "JSON": "TEXT"}
CHANGES = f"{PREFIX}changes"
_CHANGES = f"""
CREATE TABLE IF NOT EXISTS {CHANGES} (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    first INTEGER,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL
)"""  # `first` is the revision of the first entry of its batch, null in the first itself


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
    """Make or migrate every table in one transaction. Misconfigured when the file is not ours or too new."""
    try:
        names = _names(connection)
        if names and META.name not in names and not shared:
            raise _foreign(path)
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchall()[0][0]
        if mode != "wal":
            raise Misconfigured(
                f"SQLite can't keep a write-ahead log for `{path}`",
                reason="sqlite.wal",
                hint="put the database on a local disk",
            )
        begin(connection, patience)
        try:
            _bring_up(connection, [META, *(table for table in tables if table is not META)], clock, entropy)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
            raise _foreign(path) from error
        raise Unavailable(f"the database `{path}` can't be prepared: {error}", reason="storage.open") from error


def begin(connection: sqlite3.Connection, patience: Seconds) -> None:
    """BEGIN IMMEDIATE, asking every millisecond while another process writes; Unavailable after `patience`.

    Asking often is fairer between processes than SQLite's own growing naps.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
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


def _foreign(path: Path) -> Misconfigured:
    return Misconfigured(
        f"`{path}` is there and is not a doorward database",
        reason="storage.foreign",
        hint="name a file that does not exist yet, or the one that doorward made",
    )


def _bring_up(connection: sqlite3.Connection, tables: Sequence[Table[Any]], clock: Clock, entropy: Entropy) -> None:
    names = _names(connection)
    if META.name in names:
        _check_format(connection)
    for table in tables:
        if table.name not in names:
            for statement in ddl.create(table):
                connection.execute(sqlite_ddl(statement))
    connection.execute(_CHANGES)
    facts = ((DATABASE, entropy.bytes(16).hex()), (TIMELINE, entropy.bytes(8).hex()), (FORMAT, str(FORMAT_VERSION)))
    connection.executemany(f"INSERT OR IGNORE INTO {PREFIX}meta (name, value) VALUES (?, ?)", facts)


def _check_format(connection: sqlite3.Connection) -> None:
    rows = connection.execute(f"SELECT value FROM {PREFIX}meta WHERE name = ?", (FORMAT,)).fetchall()
    if rows and int(rows[0][0]) > FORMAT_VERSION:
        raise Misconfigured(
            f"the database has format {rows[0][0]}, this doorward knows {FORMAT_VERSION}",
            reason="storage.format",
            hint="run the newer doorward that wrote it",
        )


def sqlite_ddl(statement: str) -> str:
    """A neutral statement in SQLite's words. Tables are clustered on their key: one tree instead of two."""
    text = ddl.rendered(statement, TYPES, lambda name: f'"{PREFIX}{name}"')
    return f"{text} WITHOUT ROWID" if text.startswith("CREATE TABLE") else text
