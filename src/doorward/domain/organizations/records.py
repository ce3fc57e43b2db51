"""Organizations: the places in which roles are held. Members are relation rows: `organization:<id>` `member`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Organization:
    """One organization. `id` is chosen at creation (`acme`) and never changes."""

    id: str
    name: str
    status: Literal["active", "disabled"] = "active"
    created: Instant = Instant(0)
    version: int = 1

    @property
    def object(self) -> str:
        """As a relation's object or subject: `organization:ID`."""
        return f"organization:{self.id}"


ORGANIZATIONS = Table("organizations", Organization, key=("id",), lookup=(("status",),), versioned=True, watched=True)
