"""The record of what was done: one row for every request that changed something or was refused.

Rows are written in the same batch as the change. `seal` chains them and is filled in afterwards, in order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from doorward.core.audit.network import network
from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request is made by, for the record: `actor` as `type:id` (`anonymous` before sign-in)."""

    actor: str = "anonymous"
    credential: str = ""
    address: str = ""
    agent: str = ""
    request: str = ""

    @property
    def sender(self) -> str:
        """Whose refusals are counted together: the actor's, or, before sign-in, those from one network."""
        return f"network:{network(self.address)}" if self.actor == "anonymous" else self.actor


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event. `outcome` is `ok` or `refused`; `request` groups what one request did; `seal` is base64url."""

    id: str
    at: Instant
    actor: str
    action: str
    target: str
    outcome: str
    reason: str = ""
    credential: str = ""
    address: str = ""
    agent: str = ""
    request: str = ""
    decision: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    seal: str = ""


AUDIT_EVENTS = Table(
    "audit_events",
    AuditEvent,
    key=("id",),
    lookup=(("actor", "id"), ("target", "id"), ("action", "id"), ("decision",), ("seal", "id")),
)
