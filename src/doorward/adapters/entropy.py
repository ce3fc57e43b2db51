"""The operating system's random numbers."""

from __future__ import annotations

import os


class SystemEntropy:
    """Random bytes fit for secrets, also right after a fork."""

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""
        return os.urandom(count)
