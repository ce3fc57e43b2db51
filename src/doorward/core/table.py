"""What a table is, said once: adapters derive their DDL and statements from these descriptors.

A table holds frozen dataclasses. A column's type is the field's: `int`, `bool`, `str`, `bytes`, `Instant`, any of them
or None, or a JSON column (`tuple[str, ...]`, `dict[str, ...]`), which can't be looked up by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, TypeAlias, TypeVar

Value: TypeAlias = int | str | bytes | None
"""What a key, a lookup or a parameter may be (a bool is an int)."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A kind of record that storage keeps.

    `name` is without the installation's prefix (`doorward_`). `key` is the primary key, never None.
    `unique` and `lookup` are sets of columns with an index; a unique holds only where none of its columns is None.
    `expires` names an Instant column (or Instant | None): once it has passed, the row is invisible to every read,
    whether or not it has been swept. `versioned` records have an int field `version`, which Swap compares.
    A `watched` table's changes appear in the change feed by key. An `ephemeral` table's rows do not survive a restore
    from a backup: what they let in may have been ended since. `unique_when` is uniques that hold only among rows where
    one column has one value: (columns, column, value). `owner` is the package whose `migrations/` makes the table; by
    default the one its record is defined in.
    """

    name: str
    record: type[R]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    lookup: tuple[tuple[str, ...], ...] = ()
    expires: str | None = None
    versioned: bool = False
    watched: bool = False
    ephemeral: bool = False
    unique_when: tuple[tuple[tuple[str, ...], str, str], ...] = ()
    owner: str = ""

    def __post_init__(self) -> None:
        known = {field.name for field in fields(self.record)}  # type: ignore[arg-type]  # any dataclass will do
        named = {*self.key, *(c for group in (*self.unique, *self.lookup) for c in group)}
        named |= {c for columns, column, _ in self.unique_when for c in (*columns, column)}
        named |= {self.expires} - {None} if self.expires else set()
        named |= {"version"} if self.versioned else set()
        if unknown := named - known:
            raise TypeError(f"table `{self.name}` names columns its record lacks: {sorted(unknown)}")

    def __hash__(self) -> int:
        return hash(self.name)  # statements are remembered by table, so this is asked all the time

    def key_of(self, record: R) -> tuple[Value, ...]:
        """The primary key of a record, in the order of `key`."""
        return tuple(getattr(record, column) for column in self.key)


@dataclass(frozen=True, slots=True)
class Put(Generic[R]):
    """Insert the record or replace the one with its key, whatever is there. Does NOT compare versions."""

    table: Table[R]
    record: R


@dataclass(frozen=True, slots=True)
class Add(Generic[R]):
    """Insert the record; the whole batch fails with `Exists` if its key or a unique is taken by a live row."""

    table: Table[R]
    record: R


@dataclass(frozen=True, slots=True)
class Swap(Generic[R]):
    """Replace `old` by `new`; the batch is lost (`LostRace`) unless the row still has `old`'s version.

    Make one with `swap(table, old, field=value)`, which counts the version up.
    """

    table: Table[R]
    old: R
    new: R


@dataclass(frozen=True, slots=True)
class Expect(Generic[R]):
    """Lose the batch unless the row still has this record's version: for what a flow read but does not change."""

    table: Table[R]
    record: R


@dataclass(frozen=True, slots=True)
class Delete(Generic[R]):
    """Delete the row with this key. With `required`, the batch is lost (`LostRace`) unless a live row was there:
    the one atomic step of anything that may be used once."""

    table: Table[R]
    key: tuple[Value, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class DeleteWhere(Generic[R]):
    """Delete every row whose columns equal `where`: a unique or lookup group, or a prefix of one or of the key."""

    table: Table[R]
    where: Mapping[str, Value]


def swap(table: Table[R], old: R, **columns: Any) -> Swap[R]:
    """A Swap of `old` for a copy with these columns changed and its version counted up."""
    new = replace(old, version=old.version + 1, **columns)  # type: ignore[attr-defined,type-var]  # a versioned record
    return Swap(table, old, new)
