"""A relation row: object, relation, subject, and what makes it final from the first day.

`invoice:7` `viewer` `user:usr_01…` reads: the user is a viewer of invoice 7. Subjects are `type:id`, a userset
`type:id#relation`, or everyone of a type, `type:*`. Ids are opaque: never folded, normalised or split.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from doorward.core.instant import Instant
from doorward.core.table import Table

DEFAULT_STORE = "default"
"""The application's own store. Others belong to the OpenFGA-compatible API."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One row. `condition` is empty when unconditional; `revision` and `timeline` are set by storage when written."""

    object: str
    relation: str
    subject: str
    store: str = DEFAULT_STORE
    condition: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    expires: Instant | None = None
    revision: int = 0
    timeline: str = ""


RELATIONS = Table(
    "relations",
    Relation,
    key=("store", "object", "relation", "subject"),
    lookup=(("store", "subject", "relation"),),
    expires="expires",
)
"""Written only by Relate and Unrelate, which also put the whole row into the change feed."""
