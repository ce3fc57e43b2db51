"""The one thread of a process that writes, and what makes it fast: everything that waits is committed together.

The thread takes all batches that have queued up while it was busy, runs each inside a savepoint of one transaction, and
answers after that transaction is on the disk. A batch that is lost rolls back alone. A COMMIT that fails leaves it
unknown whether its batches were kept: they are told so and nothing is tried again.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from doorward.adapters.sqlite.batch import Run, Step
from doorward.adapters.sqlite.connection import disconnect, unfit
from doorward.adapters.sqlite.schema import CHANGES, begin
from doorward.core.errors import DoorwardError, Unavailable
from doorward.core.instant import Seconds
from doorward.ports import Clock, Revision

GROUP = 256
"""Batches in one transaction, at most: bounds how long the first of them waits for the last."""


@dataclass(slots=True, eq=False)
class Job:
    """A batch on its way: what to run, and who waits for it on which loop."""

    steps: Sequence[Step]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[int]
    result: int = 0
    error: BaseException | None = None


@dataclass(eq=False)
class Writer:
    """Owns the write connection; `submit` may be called from any loop."""

    connection: sqlite3.Connection
    timeline: str
    clock: Clock
    patience: Seconds
    _queue: queue.SimpleQueue[list[Job] | None] = field(default_factory=queue.SimpleQueue)
    _fresh: dict[asyncio.AbstractEventLoop, list[Job]] = field(default_factory=dict)
    _gate: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work, name="doorward-writer", daemon=True)
        self._thread.start()

    async def submit(self, steps: Sequence[Step]) -> int:
        """Run the steps as one batch; the revision after it. When the caller is cancelled, the batch is still
        finished first.

        What tasks of a loop submit in one turn is handed over together: one by one, the first would get a
        transaction, and a wait for the disk, to itself.
        """
        loop = asyncio.get_running_loop()
        job = Job(steps, loop, loop.create_future())
        fresh = self._fresh.get(loop)
        if fresh is None:
            self._fresh[loop] = [job]
            loop.call_soon(self._hand_over, loop)
        else:
            fresh.append(job)
        return await _unbroken(job)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = self._fresh.pop(loop)
        with self._gate:
            if not self._closed:
                self._queue.put(jobs)
                return
        _fail(jobs, Unavailable("the database is closed", reason="storage.closed"))
        _wake(jobs)

    async def close(self) -> None:
        """Finish what has been submitted, then close the connection."""
        await asyncio.sleep(0)  # a turn, for what was submitted in this one
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        ending = False
        while not ending:
            jobs, ending = self._drain()
            while jobs:
                try:
                    done = self._group(jobs[:GROUP])
                except BaseException as error:  # whatever it is: those who wait must hear of it
                    self._roll_back()
                    done = _fail(
                        jobs[:GROUP], _unavailable(error, "whether it was kept is unknown", reason="storage.unknown")
                    )
                _answer(jobs[:done])
                jobs = jobs[done:]
        disconnect(self.connection)

    def _drain(self) -> tuple[list[Job], bool]:
        """All that waits, and whether it was the last."""
        jobs: list[Job] = []
        more = self._queue.get()
        while more is not None:
            jobs += more
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _group(self, jobs: Sequence[Job]) -> int:
        """One transaction; how many of the jobs it has settled (all, or up to one that broke the transaction)."""
        try:
            begin(self.connection, self.patience)
        except Exception as error:
            return _fail(jobs, _unavailable(error, "nothing was changed"))
        for count, job in enumerate(jobs, start=1):
            self._run(job)
            if not self.connection.in_transaction:  # SQLite has rolled all of it back: disk full, I/O error
                cause = job.error or Unavailable(reason="storage.failed")
                return _fail(jobs[:count], _unavailable(cause, "nothing was changed"))
        try:
            self.connection.execute("COMMIT")
        except Exception as error:
            self._roll_back()
            return _fail(jobs, _unavailable(error, "whether it was kept is unknown", reason="storage.unknown"))
        return len(jobs)

    def _run(self, job: Job) -> None:
        connection = self.connection
        try:
            connection.execute("SAVEPOINT batch")
            run = Run(connection, self.clock.now(), self.timeline)
            for step in job.steps:
                step(run)
            job.result = run.last or self._revision()
            connection.execute("RELEASE batch")
        except BaseException as error:
            job.error = _explained(error)
            if connection.in_transaction:
                connection.execute("ROLLBACK TO batch")
                connection.execute("RELEASE batch")

    def _revision(self) -> Revision:
        return current_revision(self.connection)

    def _roll_back(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def current_revision(connection: sqlite3.Connection) -> Revision:
    """The revision of the newest feed entry that was ever written; 0 before the first."""
    rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (CHANGES,)).fetchall()
    return Revision(rows[0][0] if rows else 0)


async def _unbroken(job: Job) -> int:
    """Wait to the end, however often the waiting is cancelled; then let the cancellation go on."""
    cancelled: asyncio.CancelledError | None = None
    while True:
        try:
            revision = await job.answer
        except asyncio.CancelledError as error:
            cancelled = error
            if job.answer.cancelled():  # cancelling the task has cancelled what it awaits: await another
                job.answer = job.loop.create_future()
            continue
        except BaseException:
            if cancelled is None:
                raise
        if cancelled is not None:
            raise cancelled
        return revision


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, UnicodeEncodeError | OverflowError):
        return unfit(error)
    if isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError:
        return _unavailable(error, "nothing was changed")
    return error


def _unavailable(error: BaseException, outcome: str, reason: str = "storage.failed") -> DoorwardError:
    if isinstance(error, DoorwardError):
        return error
    code = getattr(error, "sqlite_errorname", type(error).__name__)
    made = Unavailable(f"the database did not take a write (`{code}`): {outcome}", reason=reason)
    made.__cause__ = error
    return made


def _fail(jobs: Sequence[Job], error: DoorwardError) -> int:
    for job in jobs:
        job.error = error
    return len(jobs)


def _answer(jobs: Sequence[Job]) -> None:
    """Wake those who wait, once for each loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, theirs in loops.items():
        try:
            loop.call_soon_threadsafe(_wake, theirs)
        except RuntimeError:
            continue  # the loop has ended, and with it those who waited


def _wake(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if job.answer.cancelled():  # its task is about to find out and to await another
            job.answer = job.loop.create_future()
        if job.error is not None:
            job.answer.set_exception(job.error)
        else:
            job.answer.set_result(job.result)
