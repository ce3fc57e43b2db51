"""Backup of a database in use, and restore, which begins a new timeline.

What a backup lets in may have been ended since it was made. So a restore deletes ephemeral tables' rows (sessions,
families, codes), and says from when on tokens are valid. It can't know which users, API keys or assignments were taken
away after the backup: those come back, and the operator is told so.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Any

from doorward.adapters.clock import SystemClock
from doorward.adapters.entropy import SystemEntropy
from doorward.adapters.sqlite.connection import check_version, connect, create_file, disconnect, is_busy, sync_directory
from doorward.adapters.sqlite.lock import alone, in_use
from doorward.adapters.sqlite.schema import CHANGES, check_ours
from doorward.adapters.statements import PREFIX
from doorward.core.errors import Exists, Misconfigured, Unavailable
from doorward.core.meta import TIMELINE, VALID_FROM
from doorward.core.table import Table
from doorward.ports import Clock, Entropy


def backup(source: str | PathLike[str], target: str | PathLike[str]) -> None:
    """Copy one consistent state into a new file (0600), while others read and write. Exists when it is there already.

    The copy has no server key: sealed values in it open only with the one they were sealed under.
    """
    check_version()
    source, target = Path(source).resolve(), Path(target).resolve()
    if not source.exists():
        raise Misconfigured(f"there is no database `{source}`", reason="storage.missing")
    if not create_file(target):
        raise Exists(str(target), ("path",))
    try:
        _copy(source, target)
        check_ours(target)
    except BaseException:
        target.unlink()
        raise


def restore(
    source: str | PathLike[str],
    target: str | PathLike[str],
    tables: Iterable[Table[Any]],
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
) -> None:
    """Put a backup in the place of the database, on a new timeline; all or nothing.

    Unavailable when a process has the database open, Misconfigured when the source is damaged or none of ours.
    """
    check_version()
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    source, target = Path(source).resolve(), Path(target).resolve()
    check_ours(source)
    aside = target.with_name(target.name + ".restoring")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(target):
        aside.unlink(missing_ok=True)
        create_file(aside)
        try:
            _copy(source, aside)
            _begin_anew(aside, tables, clock, entropy)
            _put_out_of_use(target)
            os.replace(aside, target)
            sync_directory(target.parent)
        finally:
            aside.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    reader = connect(str(source))
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as writer:
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            if (found := writer.execute("PRAGMA integrity_check(1)").fetchall()[0][0]) != "ok":
                raise Misconfigured(f"the database `{source}` is damaged: {found}", reason="storage.damaged")
    except sqlite3.Error as error:
        raise Unavailable(f"`{source}` can't be copied: {error}", reason="storage.copy") from error
    finally:
        disconnect(reader)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _begin_anew(path: Path, tables: Iterable[Table[Any]], clock: Clock, entropy: Entropy) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            if table.ephemeral and PREFIX + table.name in there:
                connection.execute(f'DELETE FROM "{PREFIX}{table.name}"')
        connection.execute(f"DELETE FROM {CHANGES}")
        facts = ((TIMELINE, entropy.bytes(8).hex()), (VALID_FROM, str(clock.now())))
        connection.executemany(f"INSERT OR REPLACE INTO {PREFIX}meta (name, value) VALUES (?, ?)", facts)
        connection.execute("COMMIT")


def _put_out_of_use(path: Path) -> None:
    """Fold the old file's log into it, which also proves that nobody has it open; a damaged one is set aside."""
    logs = [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm")]
    if path.exists():
        try:
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.Error as error:
            if is_busy(error):
                raise in_use(path) from error
    for log in logs:
        log.unlink(missing_ok=True)
