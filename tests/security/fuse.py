"""SQLite with a fuse: the process is killed before or after the n-th statement its writer runs.

A location is `PATH?N&WEAK`: N is twice the statement's number, one more to die after it; with WEAK 1 a batch is
acknowledged before its transaction is committed, the weakness that the test must find.
"""

from __future__ import annotations

import functools
import os
import signal
import sqlite3
import threading
from collections.abc import Sequence
from typing import Any

from doorward.adapters.sqlite import SqliteStorage, open_sqlite, writer
from doorward.adapters.sqlite.group import Committer, Job
from doorward.core.table import Table
from doorward.ports import Clock


class Fuse:
    """Counts, and kills."""

    left = 0

    @classmethod
    def burn(cls) -> None:
        """One place where it may happen."""
        if threading.current_thread().name == "doorward-writer":
            cls.left -= 1
            if cls.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class FusedConnection(sqlite3.Connection):
    """A connection that burns the fuse before and after each statement."""

    def execute(self, statement: str, parameters: Any = (), /) -> sqlite3.Cursor:
        Fuse.burn()
        cursor = super().execute(statement, parameters)
        Fuse.burn()
        return cursor


async def open_fused(location: str, tables: Sequence[Table[Any]], clock: Clock) -> SqliteStorage:
    """Open PATH with its fuse lit."""
    path, _, rest = location.partition("?")
    burns, _, weak = rest.partition("&")
    Fuse.left = int(burns)
    sqlite3.connect = functools.partial(sqlite3.connect, factory=FusedConnection)  # this process is about to die
    if weak == "1":
        _weaken()
    return await open_sqlite(path, tables, clock)


def _weaken() -> None:
    run, wake = Committer._run, writer._wake

    def run_and_answer(self: Committer, job: Job, careful: bool) -> None:
        run(self, job, careful)
        writer._answer([job])

    Committer._run = run_and_answer  # type: ignore[method-assign]  # planted
    writer._wake = lambda jobs: wake([job for job in jobs if not job.answer.done()])
