"""The system's clock."""

from __future__ import annotations

import time

from doorward.core.instant import Instant


class SystemClock:
    """Wall-clock time, UTC. Does NOT promise never to step back; what must grow is counted, not timed."""

    def now(self) -> Instant:
        """Now, in microseconds."""
        return Instant(time.time_ns() // 1000)
