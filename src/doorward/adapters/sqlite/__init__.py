"""doorward's data in one SQLite file: opened here, and read and written through the Storage port."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from doorward.adapters.clock import SystemClock
from doorward.adapters.entropy import SystemEntropy
from doorward.adapters.sqlite.connection import check_fork, check_version, connect, create_file, disconnect
from doorward.adapters.sqlite.copies import backup, restore
from doorward.adapters.sqlite.group import Committer
from doorward.adapters.sqlite.lock import hold, release
from doorward.adapters.sqlite.schema import prepare, timeline
from doorward.adapters.sqlite.storage import SqliteStorage
from doorward.adapters.sqlite.writer import Writer
from doorward.core.instant import DAY, Seconds
from doorward.core.meta import META
from doorward.core.table import Table
from doorward.ports import Clock

__all__ = ["SqliteStorage", "backup", "open_sqlite", "restore"]


async def open_sqlite(
    path: str | PathLike[str],
    tables: Sequence[Table[Any]],
    clock: Clock | None = None,
    *,
    busy_timeout: Seconds = Seconds(5),
    change_retention: Seconds = DAY,
    shared: bool = False,
) -> SqliteStorage:
    """Open the file, making it (0600, its directory 0700) and its tables where they are missing.

    `busy_timeout` is how long a write waits for another process's. `shared`: the file is an application's own, which
    may have other tables; without it such a file is refused. Raises Misconfigured (no doorward database, a newer one,
    SQLite too old, opened before a fork) and Unavailable.
    """
    return await asyncio.to_thread(
        _open,
        _checked(path),
        tables,
        clock=clock or SystemClock(),
        patience=busy_timeout,
        retention=change_retention,
        shared=shared,
    )


def _checked(path: str | PathLike[str]) -> Path:
    """The file's one name. Checked before a thread is asked for: a forked process may have none to give."""
    check_version()
    found = Path(path).resolve()
    check_fork(str(found))
    return found


def _open(
    path: Path,
    tables: Sequence[Table[Any]],
    *,
    clock: Clock,
    patience: Seconds,
    retention: Seconds,
    shared: bool,
) -> SqliteStorage:
    create_file(path)
    held = hold(path)
    try:
        connection = connect(str(path), write=True)
    except BaseException:
        release(held)
        raise
    try:
        prepare(connection, path, tables, clock=clock, entropy=SystemEntropy(), patience=patience, shared=shared)
        current = timeline(connection)
    except BaseException:
        disconnect(connection)
        release(held)
        raise
    return SqliteStorage(
        path,
        {table.name: table for table in (META, *tables)},
        Writer(Committer(connection, current, clock, patience)),
        clock=clock,
        timeline=current,
        patience=patience,
        change_retention=retention,
        release=lambda: release(held),
    )
