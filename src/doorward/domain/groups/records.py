"""Groups of users, service accounts and groups. Members are relation rows: `group:<id>` `member`."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Group:
    """One group. `id` is chosen at creation and never changes."""

    id: str
    name: str
    created: Instant = Instant(0)
    version: int = 1

    @property
    def members(self) -> str:
        """As a relation's subject: `group:ID#member`."""
        return f"group:{self.id}#member"


GROUPS = Table("groups", Group, key=("id",), versioned=True, watched=True)
