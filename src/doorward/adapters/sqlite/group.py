"""One transaction of many batches: those that are lost roll back alone, the others are kept together.

At first batches run one after the other without savepoints, which cost a fifth of the time. When one is lost the
transaction is rolled back and all run again, each in a savepoint of its own; so do the next groups for a while, since
where one was lost others will be. A step therefore may run more than once, and counts only what its last run did.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from doorward.adapters.sqlite.batch import Run, Step
from doorward.adapters.sqlite.connection import unfit
from doorward.adapters.sqlite.schema import CHANGES, begin
from doorward.core.errors import DoorwardError, Unavailable
from doorward.core.instant import Seconds
from doorward.ports import Clock, Revision

CAREFUL = 32
"""So many groups without a loss, and savepoints are left out again."""


@dataclass(slots=True, eq=False)
class Job:
    """A batch on its way: what to run, and who waits for it on which loop."""

    steps: Sequence[Step]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[int]
    result: int = 0
    error: BaseException | None = None


@dataclass(eq=False)
class Committer:
    """Runs jobs on the write connection. Used by one thread."""

    connection: sqlite3.Connection
    timeline: str
    clock: Clock
    patience: Seconds
    _careful: int = 0

    def settle(self, jobs: Sequence[Job]) -> int:
        """Run and commit the jobs, giving each its result or error; how many are settled: all, or those up to one with
        which SQLite gave the transaction up (disk full, I/O error).

        A COMMIT that fails leaves it unknown whether the jobs were kept: they are told so, and nothing is tried again.
        """
        try:
            begin(self.connection, self.patience)
        except Exception as error:
            return fail(jobs, unavailable(error, "nothing was changed"))
        careful = self._careful > 0
        self._careful -= careful
        for count, job in enumerate(jobs, start=1):
            self._run(job, careful)
            if not self.connection.in_transaction:
                cause = job.error or Unavailable(reason="storage.failed")
                return fail(jobs[:count], unavailable(cause, "nothing was changed"))
            if job.error is not None:
                self._careful = CAREFUL
                if not careful:
                    self.roll_back()
                    return self.settle(jobs) if len(jobs) > 1 else 1
        try:
            self.connection.execute("COMMIT")
        except Exception as error:
            self.roll_back()
            return fail(jobs, unknown(error))
        return len(jobs)

    def _run(self, job: Job, careful: bool) -> None:
        job.error, connection = None, self.connection
        try:
            if careful:
                connection.execute("SAVEPOINT batch")
            run = Run(connection, self.clock.now(), self.timeline)
            for step in job.steps:
                step(run)
            job.result = run.last or current_revision(connection)
            if careful:
                connection.execute("RELEASE batch")
        except BaseException as error:
            job.error = _explained(error)
            if careful and connection.in_transaction:
                connection.execute("ROLLBACK TO batch")
                connection.execute("RELEASE batch")

    def roll_back(self) -> None:
        """Leave the transaction, if there is one."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def current_revision(connection: sqlite3.Connection) -> Revision:
    """The revision of the newest feed entry that was ever written; 0 before the first."""
    rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (CHANGES,)).fetchall()
    return Revision(rows[0][0] if rows else 0)


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, UnicodeEncodeError | OverflowError):
        return unfit(error)
    if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
        return unavailable(error, "nothing was changed")
    return error


def unavailable(error: BaseException, outcome: str, reason: str = "storage.failed") -> DoorwardError:
    """Why a write was not taken; an error of ours says so itself."""
    if isinstance(error, DoorwardError):
        return error
    code = getattr(error, "sqlite_errorname", type(error).__name__)
    made = Unavailable(f"the database did not take a write (`{code}`): {outcome}", reason=reason)
    made.__cause__ = error
    return made


def unknown(error: BaseException) -> DoorwardError:
    """What those are told of whom nobody knows whether they were kept."""
    return unavailable(error, "whether it was kept is unknown", reason="storage.unknown")


def fail(jobs: Sequence[Job], error: DoorwardError) -> int:
    """Give all of them this error; how many they are."""
    for job in jobs:
        job.error = error
    return len(jobs)
