"""The end of the chain of seals."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table

CHAIN = "audit"
"""The one chain of an installation."""


@dataclass(frozen=True, slots=True)
class AuditHead:
    """How many events are sealed and the seal of the last. `mac` is over both: a head cannot be made up."""

    id: str
    count: int
    seal: str
    sealed: Instant
    mac: str
    version: int = 1


AUDIT_HEADS = Table("audit_heads", AuditHead, key=("id",), versioned=True)
