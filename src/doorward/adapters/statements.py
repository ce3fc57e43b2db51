"""Every statement that can be said of a table without knowing the database: one text for all, with `$n` parameters.

Names are written `{name}`; adapters put the installation's prefix (and a schema) in their place.
INVARIANT: only names from descriptors are put into a text, never a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from doorward.adapters.columns import shape
from doorward.core.table import Table

PREFIX = "doorward_"


def quoted(name: str) -> str:
    """The name as an identifier."""
    return f'"{name}"'


def listed(names: Iterable[str]) -> str:
    """Names as a list of identifiers."""
    return ", ".join(quoted(name) for name in names)


def _equal(names: Sequence[str], first: int = 1) -> str:
    return " AND ".join(f"{quoted(name)} = ${first + i}" for i, name in enumerate(names))


def alive(table: Table[Any], parameter: int) -> str:
    """` AND …` that leaves out rows whose time has passed at the parameter; empty where rows don't expire."""
    if not table.expires:
        return ""
    column = quoted(table.expires)
    return f" AND ({column} IS NULL OR {column} > ${parameter})"


@cache
def groups(table: Table[Any]) -> tuple[tuple[str, ...], ...]:
    """The sets of columns that have an index."""
    return (table.key, *table.unique, *table.lookup)


def check_lookup(table: Table[Any], names: Iterable[str]) -> None:
    """TypeError unless an index of the table begins with exactly these columns."""
    wanted = frozenset(names)
    if wanted and not any(wanted == frozenset(group[: len(wanted)]) for group in groups(table)):
        raise TypeError(f"`{table.name}` has no lookup that begins with {sorted(wanted)}")


@cache
def select(table: Table[Any]) -> str:
    """The beginning of every read: all columns, in the record's order."""
    return f"SELECT {listed(shape(table).names)} FROM {{{table.name}}} WHERE "


@cache
def get(table: Table[Any]) -> str:
    """By key; then now, if rows expire."""
    return select(table) + _equal(table.key) + alive(table, len(table.key) + 1)


@cache
def find(table: Table[Any], names: tuple[str, ...], absent: tuple[str, ...]) -> str:
    """The first row where `names` equal the parameters and `absent` are null; then now, if rows expire."""
    check_lookup(table, (*names, *absent))
    where = _where(names, absent) + alive(table, len(names) + 1)
    return f"{select(table)}{where} ORDER BY {listed(table.key)} LIMIT 1"


@cache
def page(table: Table[Any], names: tuple[str, ...], absent: tuple[str, ...], behind: bool, descending: bool) -> str:
    """Rows in the key's order: the columns, [the key to begin behind], limit, [now]."""
    check_lookup(table, (*names, *absent))
    where, n, order = _where(names, absent), len(names), "DESC" if descending else "ASC"
    if behind:
        given = ", ".join(f"${n + 1 + i}" for i in range(len(table.key)))
        where += f" AND ({listed(table.key)}) {'<' if descending else '>'} ({given})"
        n += len(table.key)
    by = ", ".join(f"{quoted(name)} {order}" for name in table.key)
    return f"{select(table)}{where}{alive(table, n + 2)} ORDER BY {by} LIMIT ${n + 1}"


def _where(names: Sequence[str], absent: Sequence[str]) -> str:
    parts = [_equal(names)] if names else []
    parts += [f"{quoted(name)} IS NULL" for name in absent]
    return " AND ".join(parts) or "TRUE"


@cache
def insert(table: Table[Any]) -> str:
    """A new row: all columns."""
    names = shape(table).names
    values = ", ".join(f"${i + 1}" for i in range(len(names)))
    return f"INSERT INTO {{{table.name}}} ({listed(names)}) VALUES ({values})"


@cache
def upsert(table: Table[Any]) -> str:
    """A row, new or in the place of the one with its key: all columns."""
    rest = [name for name in shape(table).names if name not in table.key]
    sets = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in rest)
    action = f"UPDATE SET {sets}" if rest else "NOTHING"
    return f"{insert(table)} ON CONFLICT ({listed(table.key)}) DO {action}"


@cache
def update(table: Table[Any]) -> str:
    """The live row with this key and version gets new columns: all columns, then key, version, [now]."""
    names = shape(table).names
    n = len(names) + 1
    sets = ", ".join(f"{quoted(name)} = ${i + 1}" for i, name in enumerate(names))
    where = _equal((*table.key, "version"), n) + alive(table, n + len(table.key) + 1)
    return f"UPDATE {{{table.name}}} SET {sets} WHERE {where}"


@cache
def expect(table: Table[Any]) -> str:
    """One row if the live row with this key has this version: key, version, [now]."""
    where = _equal((*table.key, "version")) + alive(table, len(table.key) + 2)
    return f"SELECT 1 FROM {{{table.name}}} WHERE {where}"


@cache
def delete(table: Table[Any], live: bool) -> str:
    """By key; with `live`, only a row whose time has not passed: key, [now]."""
    where = _equal(table.key) + (alive(table, len(table.key) + 1) if live else "")
    return f"DELETE FROM {{{table.name}}} WHERE {where}"


@cache
def delete_where(table: Table[Any], names: tuple[str, ...], absent: tuple[str, ...]) -> str:
    """By a lookup; returns all columns of what went."""
    if not names and not absent:
        raise TypeError("a deletion names what it deletes")
    check_lookup(table, (*names, *absent))
    return f"DELETE FROM {{{table.name}}} WHERE {_where(names, absent)} RETURNING {listed(shape(table).names)}"


@cache
def taken(table: Table[Any], names: tuple[str, ...], when: tuple[str, str] | None = None) -> str:
    """Key columns of the row that holds a unique: its columns, [the value it holds under]."""
    where = _equal(names) + (f" AND {quoted(when[0])} = ${len(names) + 1}" if when else "")
    return f"SELECT {listed(table.key)} FROM {{{table.name}}} WHERE {where}"


@cache
def dead(table: Table[Any]) -> str:
    """Deletes the row with this key if its time has passed: key, now."""
    column = quoted(table.expires or "")
    return f"DELETE FROM {{{table.name}}} WHERE {_equal(table.key)} AND {column} <= ${len(table.key) + 1}"


@cache
def sweep(table: Table[Any]) -> str:
    """Deletes rows whose time has passed, oldest first: now, limit."""
    column, key = quoted(table.expires or ""), listed(table.key)
    inner = f"SELECT {key} FROM {{{table.name}}} WHERE {column} <= $1 ORDER BY {column} LIMIT $2"
    return f"DELETE FROM {{{table.name}}} WHERE ({key}) IN ({inner})"
