"""How followers read: what changed behind a revision, and whole tables, on a connection of their own.

INVARIANT: no read transaction stays open. `PRAGMA data_version` would stand still inside it, and a follower would
never hear of a revocation again. So every statement is read to its end at once, and a long table page by page.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from doorward.adapters import statements as sql
from doorward.adapters.columns import shape
from doorward.adapters.sqlite.connection import check_process
from doorward.adapters.sqlite.group import current_revision
from doorward.adapters.sqlite.placeholders import compiled
from doorward.adapters.sqlite.schema import CHANGES
from doorward.core.access.relation import RELATIONS, Relation
from doorward.core.instant import Instant
from doorward.core.table import Table, Value
from doorward.ports import Changed, Clock, Revision

R = TypeVar("R")
PAGE = 2000
FAR = 100_000
"""A follower further behind than this many entries loads anew: that is quicker, and bounded in memory."""

_BEHIND = f"SELECT revision, first, kind, name, body FROM {CHANGES} WHERE revision > ? ORDER BY revision LIMIT ?"
_SAME_BATCH = (
    f"SELECT revision, first, kind, name, body FROM {CHANGES} WHERE revision > ? AND first = ? ORDER BY revision"
)
_BODY = msgspec.json.Decoder(tuple[str, str, str, str, str, dict[str, Any], int | None])


class Entries:
    """Reads the feed. Tables it was not given are left out of it: another version of doorward writes them."""

    def __init__(self, tables: Mapping[str, Table[Any]], timeline: str) -> None:
        self._timeline = timeline
        self._keys = {table.name: _key_decoder(table) for table in tables.values() if table.watched}

    def behind(self, connection: sqlite3.Connection, after: Revision, limit: int) -> list[Changed] | None:
        """Entries behind `after`, a few more than `limit` where a batch would be cut in two; None when they do not
        reach back so far, or `after` is of the future, as after a restore."""
        newest = current_revision(connection)  # asked first: what is committed in between shows in the rows
        rows = connection.execute(_BEHIND, (after, limit)).fetchall()
        if not rows:
            return [] if after == newest else None
        if rows[0][0] != after + 1:
            return None  # revisions have no gaps, so what lies between was swept
        if len(rows) == limit:
            revision, first = rows[-1][:2]
            rows += connection.execute(_SAME_BATCH, (revision, first or revision)).fetchall()
        return [changed for row in rows if (changed := self._changed(*row))]

    def _changed(self, revision: int, _first: int | None, kind: Any, name: str, body: str) -> Changed | None:
        if name == RELATIONS.name:
            store, object, relation, subject, condition, context, expires = _BODY.decode(body)
            row = Relation(
                object,
                relation,
                subject,
                store,
                condition,
                context,
                None if expires is None else Instant(expires),
                revision,
                self._timeline,
            )
            return Changed(Revision(revision), kind, name, RELATIONS.key_of(row), row)
        decoder = self._keys.get(name)
        return Changed(Revision(revision), kind, name, decoder.decode(body)) if decoder else None


class SqliteFeed:
    """A ports.Feed. One follower's, in one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, entries: Entries, timeline: str, clock: Clock) -> None:
        self._own, self._entries, self._timeline, self._clock = connection, entries, timeline, clock
        self._process = os.getpid()

    @property
    def _connection(self) -> sqlite3.Connection:
        check_process(self._process)
        return self._own

    def marker(self) -> int:
        """A number that is another one whenever anything was committed, by any process, since it was asked."""
        return int(self._connection.execute("PRAGMA data_version").fetchall()[0][0])

    def revision(self) -> Revision:
        """The newest revision."""
        return current_revision(self._connection)

    def timeline(self) -> str:
        """The timeline revisions are of."""
        return self._timeline

    def since(self, after: Revision) -> Sequence[Changed] | None:
        """All that changed behind `after`, in order; None when it is too long ago, or too much: load anew."""
        changed = self._entries.behind(self._connection, after, FAR)
        return None if changed is None or len(changed) >= FAR else changed

    def rows(self, table: Table[R], where: Mapping[str, Value] | None = None) -> Iterator[R]:
        """Live rows in the order of the key. Does NOT hold them still meanwhile: ask `revision` first, and apply
        what is `since` it afterwards."""
        behind: tuple[Value, ...] | None = None
        while True:
            records = page(self._connection, table, self._clock, where=where, after=behind, limit=PAGE)
            yield from records
            if len(records) < PAGE:
                return
            behind = table.key_of(records[-1])

    def row(self, table: Table[R], *key: Value) -> R | None:
        """The live row with this key."""
        return get(self._connection, table, self._clock, key)


def get(connection: sqlite3.Connection, table: Table[R], clock: Clock, key: tuple[Value, ...]) -> R | None:
    """The live row with this key."""
    ready = compiled(sql.get(table))
    rows = connection.execute(ready.text, ready.bind((*key, clock.now()) if table.expires else key)).fetchall()
    return shape(table).record(rows[0]) if rows else None


def find(connection: sqlite3.Connection, table: Table[R], clock: Clock, columns: Mapping[str, Value]) -> R | None:
    """The first live row whose columns equal these."""
    names, absent, values = split(columns)
    ready = compiled(sql.find(table, names, absent))
    rows = connection.execute(ready.text, ready.bind((*values, clock.now()) if table.expires else values)).fetchall()
    return shape(table).record(rows[0]) if rows else None


def page(
    connection: sqlite3.Connection,
    table: Table[R],
    clock: Clock,
    *,
    where: Mapping[str, Value] | None,
    after: Sequence[Value] | None,
    limit: int,
    descending: bool = False,
) -> list[R]:
    """Live rows in the order of the key."""
    names, absent, values = split(where or {})
    ready = compiled(sql.page(table, names, absent, after is not None, descending))
    parameters = (*values, *(after or ()), limit, *((clock.now(),) if table.expires else ()))
    record = shape(table).record
    return [record(row) for row in connection.execute(ready.text, ready.bind(parameters)).fetchall()]


def split(columns: Mapping[str, Value]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Value, ...]]:
    """Names that equal something, names that are null, and the values of the former."""
    given = {name: value for name, value in columns.items() if value is not None}
    return tuple(given), tuple(name for name in columns if name not in given), tuple(given.values())


def _key_decoder(table: Table[Any]) -> msgspec.json.Decoder[tuple[Value, ...]]:
    hints = {column.name: column.hint for column in shape(table).columns}
    return msgspec.json.Decoder(tuple[tuple(hints[name] for name in table.key)])  # type: ignore[misc]  # found at run time
