"""Time as integers: an `Instant` is microseconds since 1970-01-01 UTC, a `Seconds` is a length.

Two types, so that a point and a length cannot be mixed up by accident.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NewType

Instant = NewType("Instant", int)
Seconds = NewType("Seconds", int)

MINUTE = Seconds(60)
HOUR = Seconds(3600)
DAY = Seconds(86_400)


def after(start: Instant, length: Seconds) -> Instant:
    """The instant `length` seconds after `start` (before it, if negative)."""
    return Instant(start + length * 1_000_000)


def from_unix(seconds: int) -> Instant:
    """An Instant from whole seconds since 1970, as `exp`, `iat` and `auth_time` carry them."""
    return Instant(seconds * 1_000_000)


def to_unix(instant: Instant) -> int:
    """Whole seconds since 1970, rounded down: a NumericDate of RFC 7519 §2."""
    return instant // 1_000_000


def to_text(instant: Instant) -> str:
    """RFC 3339 in UTC with milliseconds, e.g. `2026-01-31T09:30:00.250Z`."""
    moment = datetime.fromtimestamp(instant // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{instant % 1_000_000 // 1000:03d}Z"


def from_text(text: str) -> Instant:
    """An Instant from RFC 3339 text with an offset. ValueError when it has none or is malformed."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset, e.g. `2026-01-31T09:30:00Z`")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Instant((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds)
