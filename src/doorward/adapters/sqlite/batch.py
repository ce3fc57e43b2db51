"""One batch of changes as steps of SQL: worked out on the caller's thread, run on the writer's.

A step gets the connection and the moment, and raises LostRace or Exists; the writer then rolls the batch back.
INVARIANT: a feed entry is written by the same batch as the change it tells of.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from doorward.adapters import statements as sql
from doorward.adapters.columns import shape
from doorward.adapters.sqlite.connection import unfit
from doorward.adapters.sqlite.placeholders import compiled
from doorward.adapters.sqlite.schema import CHANGES
from doorward.core.access.relation import RELATIONS, Relation
from doorward.core.errors import Exists, LostRace
from doorward.core.instant import Instant
from doorward.core.outcome import Change, Relate, Unrelate
from doorward.core.table import Add, Delete, DeleteWhere, Expect, Put, Swap, Table, Value

_ENTRY = f"INSERT INTO {CHANGES} (first, at, kind, name, body) VALUES (?, ?, ?, ?, ?)"


@dataclass(slots=True)
class Run:
    """One batch while it runs: `now` is the moment it is judged by, `first` and `last` its feed entries."""

    connection: sqlite3.Connection
    now: Instant
    timeline: str
    first: int | None = None
    last: int = 0

    def execute(self, statement: str, parameters: Sequence[Any]) -> sqlite3.Cursor:
        """Run a neutral statement."""
        ready = compiled(statement)
        return self.connection.execute(ready.text, ready.bind(parameters))

    def timed(self, table: Table[Any], parameters: Sequence[Any]) -> Sequence[Any]:
        """The parameters, and the moment where rows of the table expire."""
        return (*parameters, self.now) if table.expires else parameters

    def tell(self, kind: str, table: str, body: str) -> int:
        """Write a feed entry; its revision."""
        cursor = self.connection.execute(_ENTRY, (self.first, self.now, kind, table, body))
        self.last = revision = cursor.lastrowid or 0
        if self.first is None:
            self.first = revision
        return revision


Step: TypeAlias = Callable[[Run], None]


def steps(changes: Sequence[Change]) -> list[Step]:
    """The batch, ready to run. TypeError for an Event, or a change its table does not allow; Invalid for a text that
    is not Unicode."""
    try:
        return [_step(change) for change in changes]
    except UnicodeEncodeError as error:
        raise unfit(error) from None


def _step(change: Change) -> Step:
    match change:
        case Relate(relation):
            step = _relate(relation)
        case Unrelate(relation, required):
            step = _unrelate(relation, required)
        case DeleteWhere(table, where):
            step = _delete_where(table, dict(where))
        case Put() | Add() | Swap() | Expect() | Delete() if change.table is RELATIONS:
            raise TypeError("relations are written by Relate and Unrelate")
        case Put(table, record):
            step = _write(table, record, sql.upsert(table))
        case Add(table, record):
            step = _write(table, record, sql.insert(table))
        case Swap(table, old, new):
            step = _swap(table, old, new)
        case Expect(table, record):
            step = _expect(table, record)
        case Delete(table, key, required):
            step = _delete(table, tuple(key), required)
        case _:
            raise TypeError(f"storage does not take a {type(change).__name__}")
    return step


def _write(table: Table[Any], record: Any, statement: str) -> Step:
    row, key = shape(table).row(record), _key_text(table.key_of(record)) if table.watched else ""

    def run(it: Run) -> None:
        _unless_taken(it, table, record, statement, row)
        if table.watched:
            it.tell("put", table.name, key)

    return run


def _swap(table: Table[Any], old: Any, new: Any) -> Step:
    _versioned(table)
    if table.key_of(old) != table.key_of(new) or new.version != old.version + 1:
        raise TypeError(f"a swap in `{table.name}` keeps the key and counts the version up by one")
    parameters = (*shape(table).row(new), *table.key_of(old), old.version)
    key = _key_text(table.key_of(new)) if table.watched else ""

    def run(it: Run) -> None:
        if _unless_taken(it, table, new, sql.update(table), it.timed(table, parameters)) != 1:
            raise _lost(table)
        if table.watched:
            it.tell("put", table.name, key)

    return run


def _expect(table: Table[Any], record: Any) -> Step:
    _versioned(table)
    parameters = (*table.key_of(record), record.version)

    def run(it: Run) -> None:
        if not it.execute(sql.expect(table), it.timed(table, parameters)).fetchall():
            raise _lost(table)

    return run


def _delete(table: Table[Any], key: tuple[Value, ...], required: bool) -> Step:
    if len(key) != len(table.key):
        raise TypeError(f"the key of `{table.name}` is {table.key}")

    def run(it: Run) -> None:
        parameters = it.timed(table, key) if required else key
        gone = it.execute(sql.delete(table, required), parameters).rowcount
        if required and gone != 1:
            raise _lost(table)
        if table.watched and gone:
            it.tell("delete", table.name, _key_text(key))

    return run


def _delete_where(table: Table[Any], where: dict[str, Value]) -> Step:
    given = {name: value for name, value in where.items() if value is not None}
    statement = sql.delete_where(table, tuple(given), tuple(name for name in where if name not in given))
    form = shape(table)

    def run(it: Run) -> None:
        for row in it.execute(statement, tuple(given.values())).fetchall():
            if table is RELATIONS:
                it.tell("unrelate", table.name, _relation_text(form.record(row)))
            elif table.watched:
                it.tell("delete", table.name, _key_text([row[index] for index in form.keyed]))

    return run


def _relate(relation: Relation) -> Step:
    row, body = shape(RELATIONS).row(relation), _relation_text(relation)

    def run(it: Run) -> None:
        row[-2:] = it.tell("relate", RELATIONS.name, body), it.timeline
        _unless_taken(it, RELATIONS, relation, sql.upsert(RELATIONS), row)

    return run


def _unrelate(relation: Relation, required: bool) -> Step:
    key, body = RELATIONS.key_of(relation), _relation_text(relation)

    def run(it: Run) -> None:
        parameters = it.timed(RELATIONS, key) if required else key
        gone = it.execute(sql.delete(RELATIONS, required), parameters).rowcount
        if required and gone != 1:
            raise _lost(RELATIONS)
        if gone:
            it.tell("unrelate", RELATIONS.name, body)

    return run


def _unless_taken(it: Run, table: Table[Any], record: Any, statement: str, parameters: Sequence[Any]) -> int:
    """Run a write; where dead rows hold its key or uniques, delete those and run it again. Exists for a live one."""
    try:
        return it.execute(statement, parameters).rowcount
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode not in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
            raise
        _clear_dead(it, table, record, inserting=statement == sql.insert(table))
        return it.execute(statement, parameters).rowcount


def _clear_dead(it: Run, table: Table[Any], record: Any, *, inserting: bool) -> None:
    own = table.key_of(record)
    for names, when in _uniques(table):
        values = [getattr(record, name) for name in names]
        if None in values or (when and getattr(record, when[0]) != when[1]):
            continue
        parameters = (*values, when[1]) if when else values
        for holder in it.execute(sql.taken(table, names, when), parameters).fetchall():
            if holder == own and not inserting:
                continue
            if not table.expires or not it.execute(sql.dead(table), (*holder, it.now)).rowcount:
                raise Exists(table.name, names)
            if table.watched:
                it.tell("delete", table.name, _key_text(holder))


def _uniques(table: Table[Any]) -> list[tuple[tuple[str, ...], tuple[str, str] | None]]:
    plain = [(names, None) for names in (table.key, *table.unique)]
    return [*plain, *((names, (column, value)) for names, column, value in table.unique_when)]


def _versioned(table: Table[Any]) -> None:
    if not table.versioned:
        raise TypeError(f"records of `{table.name}` have no version to compare")


def _lost(table: Table[Any]) -> LostRace:
    return LostRace(f"a `{table.name}` row was changed meanwhile", hint="try again")


def _key_text(key: Sequence[Value]) -> str:
    return msgspec.json.encode(key).decode()


def _relation_text(it: Relation) -> str:
    """A feed entry's body: the row without what the entry itself says."""
    body = (it.store, it.object, it.relation, it.subject, it.condition, it.context, it.expires)
    return msgspec.json.encode(body).decode()
