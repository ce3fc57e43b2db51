"""What a table's columns are, read from its record's field types, and how records become rows and come back.

Shared by every database adapter: a column has a neutral type (`TEXT BIGINT BOOLEAN BYTES JSON`), the adapter says how
its database calls it.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from typing import Any, Generic, Literal, TypeVar

import msgspec

from doorward.core.table import Table

R = TypeVar("R")
Type = Literal["TEXT", "BIGINT", "BOOLEAN", "BYTES", "JSON"]

_PLAIN: dict[object, Type] = {str: "TEXT", int: "BIGINT", bool: "BOOLEAN", bytes: "BYTES"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `hint` is the field's type, to decode JSON by."""

    name: str
    type: Type
    nullable: bool
    hint: object


class Shape(Generic[R]):
    """A table's columns in the order of its record's fields, and the two directions between record and row.

    A row holds what every database driver takes: int, str, bytes, None; JSON is text. TypeError when a record has a
    field that is not set by position, or a key column that may be None or is JSON.
    """

    def __init__(self, table: Table[R]) -> None:
        hints = typing.get_type_hints(table.record)
        record = fields(table.record)  # type: ignore[arg-type]  # Table has checked that it is a dataclass
        if any(not field.init or field.kw_only for field in record):
            raise TypeError(f"a record of `{table.name}` has fields that are not set by position")
        self.table = table
        self.columns = tuple(column(field.name, hints[field.name]) for field in record)
        self.names = tuple(column.name for column in self.columns)
        self._values = attrgetter(*self.names)
        self.keyed = tuple(self.names.index(name) for name in table.key)
        self._json = tuple((i, c.hint) for i, c in enumerate(self.columns) if c.type == "JSON")
        self._decoders = tuple((i, _decoder(c)) for i, c in enumerate(self.columns) if c.type in ("JSON", "BOOLEAN"))
        self._check()

    def _check(self) -> None:
        table, by_name = self.table, {column.name: column for column in self.columns}
        if any(by_name[name].nullable for name in table.key):
            raise TypeError(f"the key of `{table.name}` may be None")
        indexed = {name for group in (table.key, *table.unique, *table.lookup) for name in group}
        if json := sorted(name for name in indexed if by_name[name].type == "JSON"):
            raise TypeError(f"`{table.name}` looks up by JSON columns: {json}")
        if table.expires and by_name[table.expires].type != "BIGINT":
            raise TypeError(f"`{table.name}` expires by a column that is no Instant")

    def nullable(self, name: str) -> bool:
        """Whether the column may be None."""
        return self.columns[self.names.index(name)].nullable

    def row(self, record: R) -> list[Any]:
        """The record as a row."""
        row = list(self._values(record)) if len(self.names) > 1 else [self._values(record)]
        for index, _ in self._json:
            value = row[index]
            row[index] = None if value is None else msgspec.json.encode(value).decode()
        return row

    def record(self, row: Sequence[Any]) -> R:
        """The row as a record."""
        if not self._decoders:
            return self.table.record(*row)
        values = list(row)
        for index, decode in self._decoders:
            if (value := values[index]) is not None:
                values[index] = decode(value)
        return self.table.record(*values)


@cache
def shape(table: Table[R]) -> Shape[R]:
    """The table's shape, worked out once."""
    return Shape(table)


def column(name: str, hint: object) -> Column:
    """A column from a field's type."""
    bare, nullable = _without_none(hint)
    while isinstance(bare, typing.NewType):
        bare = bare.__supertype__
    if typing.get_origin(bare) is Literal:
        bare = type(typing.get_args(bare)[0])
    kind = _PLAIN.get(bare, "JSON") if isinstance(bare, type) and typing.get_origin(bare) is None else "JSON"
    return Column(name, kind, nullable, hint)


def _without_none(hint: object) -> tuple[object, bool]:
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return hint, False
    rest = [part for part in typing.get_args(hint) if part is not type(None)]
    nullable = len(rest) < len(typing.get_args(hint))
    return (rest[0] if len(rest) == 1 else hint), nullable


def _decoder(column: Column) -> Callable[[Any], Any]:
    if column.type == "BOOLEAN":
        return bool
    decode = msgspec.json.Decoder(column.hint)
    return typing.cast(Callable[[Any], Any], decode.decode)
