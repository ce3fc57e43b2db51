"""How many refusals go on the record: so many a sender and minute, and so many in all. The others are counted.

Whoever may be refused may be refused as often as they like, and each record is a durable row that stays. So a refusal
that changes nothing else is recorded within this budget; what was left out is recorded as a number, a row a sender.
"""

from __future__ import annotations

from collections.abc import Mapping

from doorward.core.instant import MINUTE, Instant, Seconds

SPAN: Seconds = MINUTE
EACH = 60
"""Refusals of one sender that are recorded in a SPAN."""
ALL = 600
"""Of all senders together."""
SENDERS = 100
"""Senders whose left-out refusals are counted apart; those of more are OTHERS'."""
OTHERS = "network:others"


class Refusals:
    """One process's budget. Does NOT record anything: what it counted is lost with it, unless `left_out` is asked."""

    def __init__(self) -> None:
        self._began = Instant(0)
        self._recorded: dict[str, int] = {}
        self._in_all = 0
        self._counted: dict[str, int] = {}  # in this span
        self._past: dict[str, int] = {}  # in those before, and not told yet

    def admit(self, sender: str, now: Instant) -> bool:
        """Whether one more of this sender's is to be recorded; if not, it is counted."""
        self._turn(now)
        so_far = self._recorded.get(sender, 0)
        if so_far < EACH and self._in_all < ALL:
            self._recorded[sender], self._in_all = so_far + 1, self._in_all + 1
            return True
        _add(self._counted, sender, 1)
        return False

    def left_out(self, now: Instant, *, closing: bool = False) -> Mapping[str, int]:
        """How many were left out by sender, in the spans that have ended since this was last asked; with `closing` in
        the one under way too."""
        self._turn(now, over=closing)
        told, self._past = self._past, {}
        return told

    def _turn(self, now: Instant, *, over: bool = False) -> None:
        if not over and 0 <= now - self._began < SPAN * 1_000_000:
            return
        for sender, count in self._counted.items():
            _add(self._past, sender, count)
        self._began, self._recorded, self._in_all, self._counted = now, {}, 0, {}


def _add(counts: dict[str, int], sender: str, count: int) -> None:
    name = sender if sender in counts or len(counts) < SENDERS else OTHERS
    counts[name] = counts.get(name, 0) + count
