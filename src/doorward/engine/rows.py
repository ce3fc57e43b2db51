"""One store's relation rows in memory, forward and reverse, as the walk reads them.

Only unconditional rows are kept: a row with a condition must never count as one without. Expiry is looked at on every
read, so a row ends when its time is up and not when it is swept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from doorward.core.access.relation import Relation
from doorward.core.instant import Instant

_NONE: dict[str, Instant | None] = {}


class StoreRows:
    """Rows by (object, relation) and by subject. Implements `walk.Rows`. Does NOT lock: the index does."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._forward: dict[tuple[str, str], dict[str, Instant | None]] = {}
        self._usersets: dict[tuple[str, str], dict[str, None]] = {}
        self._reverse: dict[str, dict[str, dict[str, Instant | None]]] = {}
        self._timed = 0  # rows with an expiry: while there are none, nobody asks for the time

    def __len__(self) -> int:
        return sum(map(len, self._forward.values()))

    def put(self, row: Relation) -> None:
        """Insert the row or replace the one with its object, relation and subject."""
        if row.condition:  # INVARIANT: a conditioned row gives nothing, and ends the unconditioned one it replaces
            self.drop(row)
            return
        key = (row.object, row.relation)
        subjects = self._forward.setdefault(key, {})
        self._timed += (row.expires is not None) - (subjects.get(row.subject) is not None)
        subjects[row.subject] = row.expires
        self._reverse.setdefault(row.subject, {}).setdefault(row.relation, {})[row.object] = row.expires
        if "#" in row.subject:
            self._usersets.setdefault(key, {})[row.subject] = None

    def drop(self, row: Relation) -> None:
        """Forget the row with this object, relation and subject, if it is there."""
        key = (row.object, row.relation)
        subjects = self._forward.get(key, _NONE)
        if row.subject not in subjects:
            return
        self._timed -= subjects.pop(row.subject) is not None
        if not subjects:
            del self._forward[key]
        held = self._reverse[row.subject]
        del held[row.relation][row.object]
        if not held[row.relation]:
            del held[row.relation]
        if not held:
            del self._reverse[row.subject]
        if "#" in row.subject:
            del self._usersets[key][row.subject]
            if not self._usersets[key]:
                del self._usersets[key]

    def holds(self, object: str, relation: str, subject: str) -> bool:
        """Whether exactly this row is live."""
        subjects = self._forward.get((object, relation))
        if subjects is None or subject not in subjects:
            return False
        expires = subjects[subject]
        return expires is None or expires > self._now()

    def subjects(self, object: str, relation: str) -> list[str]:
        """Live subjects on (object, relation)."""
        return self._live(self._forward.get((object, relation), _NONE))

    def usersets(self, object: str, relation: str) -> Iterable[str]:
        """Live usersets on (object, relation)."""
        key = (object, relation)
        return [subject for subject in self._usersets.get(key, ()) if self.holds(object, relation, subject)]

    def held(self, subject: str, relation: str | None) -> list[tuple[str, str]]:
        """(object, relation) of live rows with this subject."""
        relations = self._reverse.get(subject)
        if relations is None:
            return []
        if relation is not None:
            return [(object, relation) for object in self._live(relations.get(relation, _NONE))]
        return [(object, name) for name, objects in relations.items() for object in self._live(objects)]

    def _live(self, rows: dict[str, Instant | None]) -> list[str]:
        if not self._timed or not rows:
            return list(rows)
        now = self._now()
        return [name for name, expires in rows.items() if expires is None or expires > now]
