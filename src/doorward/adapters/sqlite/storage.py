"""The Storage port on SQLite: reads on the caller's thread, writes through the writer's."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from doorward.adapters import statements as sql
from doorward.adapters.sqlite import feed as reading
from doorward.adapters.sqlite.batch import Run, steps
from doorward.adapters.sqlite.connection import check_process, connect, disconnect, is_busy, unfit
from doorward.adapters.sqlite.copies import backup
from doorward.adapters.sqlite.feed import Entries, SqliteFeed
from doorward.adapters.sqlite.group import current_revision
from doorward.adapters.sqlite.placeholders import compiled
from doorward.adapters.sqlite.schema import CHANGES
from doorward.adapters.sqlite.writer import Writer
from doorward.core.errors import Unavailable
from doorward.core.instant import Seconds, after
from doorward.core.outcome import Change
from doorward.core.table import Table, Value
from doorward.ports import Changed, Clock, Revision

R = TypeVar("R")
T = TypeVar("T")


class SqliteStorage:
    """Made by `open_sqlite`. Short indexed reads run where they are called: a hop to a thread costs more than they do;
    only one that finds the file locked goes to a thread and waits there. Belongs to the process that opened it."""

    def __init__(
        self,
        path: Path,
        tables: Mapping[str, Table[Any]],
        writer: Writer,
        *,
        clock: Clock,
        timeline: str,
        patience: Seconds,
        change_retention: Seconds,
        release: Callable[[], None],
    ) -> None:
        self.path, self.timeline, self.tables = path, timeline, tables
        self._writer, self._clock, self._patience, self._retention = writer, clock, patience, change_retention
        self._release = release
        self._entries = Entries(tables, timeline)
        self._here = threading.local()
        self._feeds: list[sqlite3.Connection] = []
        self._readers: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="doorward-reader")
        self._process = os.getpid()
        self._closed = False

    async def get(self, table: Table[R], *key: Value) -> R | None:
        """The live row with this primary key."""
        return await self._read(lambda connection: reading.get(connection, table, self._clock, key))

    async def find(self, table: Table[R], **columns: Value) -> R | None:
        """The first live row whose columns equal these; None matches null. TypeError without an index for them."""
        return await self._read(lambda connection: reading.find(connection, table, self._clock, columns))

    async def page(
        self,
        table: Table[R],
        where: Mapping[str, Value] | None = None,
        *,
        after: Sequence[Value] | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> list[R]:
        """Up to `limit` live rows in the order of the primary key, beginning behind the key `after`."""
        return await self._read(
            lambda connection: reading.page(
                connection, table, self._clock, where=where, after=after, limit=limit, descending=descending
            )
        )

    async def changes(self, after: Revision, limit: int = 1000) -> list[Changed] | None:
        """The feed behind `after`; it does not end within a batch, so it may be a little longer than `limit`."""
        return await self._read(lambda connection: self._entries.behind(connection, after, limit))

    async def read(self, statement: str, parameters: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """A read-only statement, on a thread of its own, as nobody knows how long it takes.
        Does NOT leave out expired rows: the statement says so where it matters."""
        ready = compiled(statement)
        bound = ready.bind(parameters)
        return await self._aside(lambda connection: connection.execute(ready.text, bound).fetchall())

    async def commit(self, changes: Sequence[Change]) -> Revision:
        """All of it durably, or none: LostRace, Exists, Unavailable. The revision after it; one in which nothing is
        watched does not move it."""
        self._usable()
        if not changes:
            return await self._read(current_revision)
        return Revision(await self._writer.submit(steps(changes)))

    async def sweep(self, limit: int = 1000) -> int:
        """Delete up to `limit` rows whose time has passed, and feed entries past the retention; how many went."""
        self._usable()
        gone: list[int] = []
        kept_from = after(self._clock.now(), Seconds(-self._retention))

        def step(run: Run) -> None:
            left = limit
            for table in self.tables.values():
                if table.expires and left > 0:
                    left -= run.execute(sql.sweep(table), (run.now, left)).rowcount
            left -= run.connection.execute(_SWEEP_CHANGES, (kept_from, max(left, 0))).rowcount
            gone.append(limit - left)

        await self._writer.submit([step])
        return gone[-1]

    async def backup(self, target: str | PathLike[str]) -> None:
        """Copy the present state into a new file, while work goes on. Exists when the file is there already."""
        self._usable()
        await asyncio.to_thread(backup, self.path, target)

    def feed(self) -> SqliteFeed:
        """A follower's view, with a connection of its own."""
        self._usable()
        connection = connect(str(self.path))
        self._feeds.append(connection)
        return SqliteFeed(connection, self._entries, self.timeline, self._clock)

    async def close(self) -> None:
        """Finish what was submitted and let the file go. Does nothing the second time."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        self._pool.shutdown(wait=True)
        for connection in (*self._feeds, *(connection for _, connection in self._readers)):
            disconnect(connection)
        self._release()

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._usable()
        try:
            return work(self._connection())
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise _unreadable(error) from error
        except (UnicodeEncodeError, OverflowError) as error:
            raise unfit(error) from None
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from error
        return await self._aside(work)

    async def _aside(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._usable()

        def run() -> T:
            connection = self._connection()
            connection.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
            return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, run)
        except (UnicodeEncodeError, OverflowError) as error:
            raise unfit(error) from None
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._here, "connection", None)
        if connection is None:
            connection = self._here.connection = connect(str(self.path))
            self._readers.append((threading.current_thread(), connection))
            self._part_with_the_dead()
        return connection

    def _part_with_the_dead(self) -> None:
        for entry in [entry for entry in self._readers if not entry[0].is_alive()]:
            self._readers.remove(entry)
            disconnect(entry[1])

    def _usable(self) -> None:
        if self._closed:
            raise Unavailable("the database is closed", reason="storage.closed")
        check_process(self._process)


_SWEEP_CHANGES = f"""
DELETE FROM {CHANGES} WHERE revision < coalesce(
    (SELECT revision FROM {CHANGES} WHERE at >= ? ORDER BY revision LIMIT 1), 9223372036854775807)
AND revision IN (SELECT revision FROM {CHANGES} ORDER BY revision LIMIT ?)"""


def _unreadable(error: sqlite3.Error) -> Unavailable:
    return Unavailable(f"the database can't be read: {error}", reason="storage.read")
