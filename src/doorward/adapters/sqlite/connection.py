"""Opening SQLite the one way doorward uses it, and keeping it away from forked processes.

INVARIANT: nothing opened before a fork is used after it. SQLite keeps locks per process in memory; a child that uses
an inherited connection, or opens the same file anew beside one, believes in locks that it does not hold.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from doorward.core.errors import Invalid, Misconfigured, Unavailable

MINIMUM = (3, 35, 0)
OPENING = 5
"""Seconds to wait for a process that makes or recovers the file at the moment we open it."""

_open: dict[int, tuple[str, sqlite3.Connection]] = {}
_inherited: list[tuple[str, sqlite3.Connection]] = []  # kept for ever: closing them would touch the parent's files


def _forked() -> None:
    _inherited.extend(_open.values())
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


# Durable when acknowledged: the log is synced at each commit, by F_FULLFSYNC where that is something else.
_ALWAYS = ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON", "temp_store = MEMORY")
# 32 MiB, and a checkpoint each 16 MiB: a page that is written often is copied to the file once.
_WRITING = ("cache_size = -32768", "wal_autocheckpoint = 4000")
_READING = ("query_only = ON",)


def check_version(found: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Misconfigured when this Python's SQLite is older than 3.35, which `RETURNING` needs."""
    if found < MINIMUM:
        raise Misconfigured(
            f"SQLite {'.'.join(map(str, found))} is too old: doorward needs 3.35 or newer",
            reason="sqlite.version",
            hint="use a Python built with a newer SQLite, or PostgreSQL",
        )


def check_fork(path: str) -> None:
    """Misconfigured when a parent process had this file open when it forked this one."""
    if any(path == before for before, _ in _inherited):
        raise _forked_since()


def check_process(opened_by: int) -> None:
    """Misconfigured in any process but the one that opened it."""
    if opened_by != os.getpid():
        raise _forked_since()


def _forked_since() -> Misconfigured:
    return Misconfigured(
        "the database was open when this process was forked",
        reason="sqlite.forked",
        hint="open it after the fork (no preloading), or start processes by spawn",
    )


def connect(path: str, *, write: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode that waits for no lock; one that only reads unless `write`. Misconfigured when
    the file is no database, Unavailable when it can't be opened."""
    check_fork(path)
    try:
        connection = sqlite3.connect(
            path, timeout=OPENING, isolation_level=None, check_same_thread=False, cached_statements=512
        )
    except sqlite3.Error as error:
        raise explained(error, path) from error
    _open[id(connection)] = (path, connection)
    try:
        for pragma in (*_ALWAYS, *(_WRITING if write else _READING), "busy_timeout = 0"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        disconnect(connection)
        raise explained(error, path) from error
    return connection


def disconnect(connection: sqlite3.Connection) -> None:
    """Close it; nothing happens if it is closed, or a fork has taken it away."""
    if _open.pop(id(connection), None):
        connection.close()


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection was in the way, so that waiting helps."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def explained(error: sqlite3.Error, path: object) -> Misconfigured | Unavailable:
    """Why a file can't be opened."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_NOTADB:
        return foreign(path)
    return Unavailable(f"the database `{path}` can't be opened: {error}", reason="storage.open")


def foreign(path: object) -> Misconfigured:
    """Why a file is left alone."""
    return Misconfigured(
        f"`{path}` is there and is not a doorward database",
        reason="storage.foreign",
        hint="name a file that does not exist yet, or the one that doorward made",
    )


def unfit(error: UnicodeEncodeError | OverflowError) -> Invalid:
    """Why a value can't be kept, nor looked for."""
    if isinstance(error, OverflowError):
        return Invalid("a number does not fit into 64 bits", reason="number.range")
    return Invalid("a text is not Unicode: it has a lone surrogate", reason="text.encoding")


def create_file(path: Path) -> bool:
    """Make an empty file 0600, its directory 0700, both durably. False when it was there. Unavailable when it can't
    be made."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            return False
    except OSError as error:
        raise Unavailable(f"`{path}` can't be made: {error.strerror}", reason="storage.open") from error
    sync_directory(path.parent)
    return True


def sync_directory(directory: Path) -> None:
    """Make names in it durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
