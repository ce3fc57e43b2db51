"""Columns from a record's types, and what a table must not be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest

from doorward.adapters.columns import Shape, column, shape
from doorward.adapters.statements import check_lookup
from doorward.core.instant import Instant
from doorward.core.table import Table
from doorward.domain.tables import DOMAIN_TABLES


@pytest.mark.parametrize(
    "hint, type, nullable",
    [
        (int, "BIGINT", False),
        (bool, "BOOLEAN", False),
        (str, "TEXT", False),
        (bytes, "BYTES", False),
        (Instant, "BIGINT", False),
        (Instant | None, "BIGINT", True),
        (str | None, "TEXT", True),
        (Literal["a", "b"], "TEXT", False),
        (Literal["a"] | None, "TEXT", True),
        (tuple[str, ...], "JSON", False),
        (tuple[str, ...] | None, "JSON", True),
        (dict[str, Any], "JSON", False),
        (int | str, "JSON", False),
    ],
)
def test_a_column_from_a_field(hint: object, type: str, nullable: bool) -> None:
    made = column("x", hint)
    assert (made.type, made.nullable) == (type, nullable)


@dataclass(frozen=True)
class Odd:
    id: str
    note: str | None = None
    tags: tuple[str, ...] = ()
    text: Annotated[str, "marked"] = ""


@dataclass(frozen=True)
class Computed:
    id: str
    made: int = field(init=False, default=1)


@pytest.mark.parametrize(
    "table",
    [
        Table("odd", Odd, key=("note",)),
        Table("odd", Odd, key=("id",), lookup=(("tags",),)),
        Table("odd", Odd, key=("tags",)),
        Table("odd", Odd, key=("id",), expires="note"),
        Table("odd", Computed, key=("id",)),
    ],
)
def test_tables_that_cannot_be(table: Table[Any]) -> None:
    with pytest.raises(TypeError):
        Shape(table)


def test_an_annotated_field_is_what_it_annotates() -> None:
    assert [c.type for c in shape(Table("odd", Odd, key=("id",))).columns] == ["TEXT", "TEXT", "JSON", "TEXT"]


@pytest.mark.parametrize("table", DOMAIN_TABLES, ids=lambda table: table.name)
def test_every_table_has_a_shape(table: Table[Any]) -> None:
    made = shape(table)
    assert len(made.columns) == len(made.names) == len(set(made.names))
    check_lookup(table, table.key)
