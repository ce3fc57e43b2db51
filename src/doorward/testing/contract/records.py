"""The tables that the contract is proven on: every type of column, every option of a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from doorward.core.access.relation import RELATIONS
from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Item:
    """Something with a unique name, perhaps a unique code, and perhaps an end."""

    id: str
    name: str
    code: str | None = None
    shelf: str = ""
    count: int = 0
    sold: bool = False
    state: Literal["new", "used"] = "new"
    raw: bytes = b""
    labels: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    maybe: tuple[str, ...] | None = None
    price: int | None = None
    expires: Instant | None = None
    version: int = 1


ITEMS = Table(
    "contract_items",
    Item,
    key=("id",),
    unique=(("name",), ("code",)),
    lookup=(("shelf", "id"), ("price",)),
    expires="expires",
    versioned=True,
    watched=True,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a book: a key of two columns, no version, nobody watches."""

    book: str
    number: int
    text: str = ""


ENTRIES = Table("contract_entries", Entry, key=("book", "number"), lookup=(("text",),))


@dataclass(frozen=True, slots=True)
class Mark:
    """Nothing but a key."""

    key: bytes


MARKS = Table("contract_marks", Mark, key=("key",), watched=True)

TABLES: tuple[Table[Any], ...] = (RELATIONS, ITEMS, ENTRIES, MARKS)
