"""A clock that stands still until it is told to move."""

from __future__ import annotations

from doorward.core.instant import Instant

START = Instant(1_800_000_000_000_000)
"""2027-01-15T08:00:00Z: as good as any, and in the future of every fixed date in the code."""


class FakeClock:
    """A ports.Clock for tests. Time passes by `advance`, never by itself."""

    def __init__(self, start: Instant = START) -> None:
        self._now = start

    def now(self) -> Instant:
        """The time it was last set to."""
        return self._now

    def advance(self, seconds: float) -> Instant:
        """Move on (or back, if negative) by seconds; the new time."""
        self._now = Instant(self._now + round(seconds * 1_000_000))
        return self._now
