"""The one thread of a process that writes, and what makes it fast: what waits is committed together.

Tasks hand over their batches by the turn of their loop; the thread takes what has come, and answers after the disk has
it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from doorward.adapters.sqlite.batch import Step
from doorward.adapters.sqlite.connection import disconnect
from doorward.adapters.sqlite.group import Committer, Job, fail, unknown
from doorward.core.errors import Unavailable

SMALLEST, LARGEST = 32, 256
"""Half of what waits is one transaction, within these bounds: while the disk has the one half, those of the other
prepare what comes next, and nobody waits for more than LARGEST others."""


@dataclass(eq=False)
class Writer:
    """Owns the write connection; `submit` may be called from any loop."""

    committer: Committer
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
        fail(jobs, Unavailable("the database is closed", reason="storage.closed"))
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
                group = jobs[: min(LARGEST, max(SMALLEST, len(jobs) // 2))]
                try:
                    done = self.committer.settle(group)
                except BaseException as error:  # whatever it is: those who wait must hear of it
                    self.committer.roll_back()
                    done = fail(group, unknown(error))
                _answer(jobs[:done])
                jobs = jobs[done:]
        disconnect(self.committer.connection)

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
