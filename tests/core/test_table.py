"""Table descriptors: what they name must be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from doorward.core.table import Add, Table, swap


@dataclass(frozen=True)
class Thing:
    id: str
    name: str = ""
    ends: int | None = None
    version: int = 1


@dataclass(frozen=True)
class Plain:
    id: str


@pytest.mark.parametrize(
    "options",
    [
        {"key": ("no",)},
        {"unique": (("name", "no"),)},
        {"lookup": (("no",),)},
        {"expires": "no"},
        {"unique_when": ((("no",), "name", "x"),)},
        {"unique_when": ((("name",), "no", "x"),)},
    ],
)
def test_a_table_names_only_columns_of_its_record(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="no"):
        Table("things", Thing, **{"key": ("id",), **options})


def test_a_versioned_record_has_a_version() -> None:
    Table("things", Thing, key=("id",), versioned=True, expires="ends")
    with pytest.raises(TypeError, match="version"):
        Table("plain", Plain, key=("id",), versioned=True)


def test_the_key_is_in_the_tables_order() -> None:
    assert Table("things", Thing, key=("name", "id")).key_of(Thing("1", "a")) == ("a", "1")


def test_a_swap_counts_the_version_up() -> None:
    table = Table("things", Thing, key=("id",), versioned=True)
    made = swap(table, Thing("1", version=4), name="b")
    assert (made.old, made.new) == (Thing("1", version=4), Thing("1", "b", version=5))


def test_tables_are_told_apart_by_all_they_say() -> None:
    one, same, other = (Table("things", Thing, key=key) for key in (("id",), ("id",), ("name",)))
    assert one == same != other
    assert hash(one) == hash(same)
    assert {Add(one, Thing("1")), Add(same, Thing("1"))} == {Add(one, Thing("1"))}
