"""The operation on the audit. It only reads: an event is never changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.audit import AUDIT_EVENTS, AuditEvent
from doorward.core.errors import Invalid
from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.core.table import Value
from doorward.ports import World
from doorward.web.route import Operation


class AuditEventView(msgspec.Struct, frozen=True, kw_only=True):
    """One event: who did what to what, from where, and how it ended."""

    id: str
    at: str
    actor: str
    action: str
    target: str
    outcome: str
    reason: str
    decision: str
    credential: str
    address: str
    agent: str
    request: str
    data: dict[str, Any]


class AuditEvents(msgspec.Struct, frozen=True, kw_only=True):
    """A page of events; `next` is the `after` of the next page, or None at the end."""

    items: list[AuditEventView]
    next: str | None


class ListAuditEvents(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events, the newest first: by one of actor, target and action."""

    actor: Annotated[str | None, Meta(description="Who did it, e.g. user:ID.")] = None
    target: Annotated[str | None, Meta(description="What it was done to, e.g. user:ID.")] = None
    action: Annotated[str | None, Meta(description="What was done, e.g. user.create.")] = None
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


def view(event: AuditEvent) -> AuditEventView:
    """The event as it is sent."""
    return AuditEventView(
        id=event.id,
        at=to_text(event.at),
        actor=event.actor,
        action=event.action,
        target=event.target,
        outcome=event.outcome,
        reason=event.reason,
        decision=event.decision,
        credential=event.credential,
        address=event.address,
        agent=event.agent,
        request=event.request,
        data=event.data,
    )


async def list_audit_events(world: World, principal: Principal, request: ListAuditEvents) -> AuditEvents:
    """A page of events, the newest first. Invalid when it is asked by more than one of actor, target and action."""
    asked = {"actor": request.actor, "target": request.target, "action": request.action}
    where: Mapping[str, Value] = {name: value for name, value in asked.items() if value}
    if len(where) > 1:
        raise Invalid("ask by one of `actor`, `target` and `action`", reason="audit.filter")
    some = await world.storage.page(
        AUDIT_EVENTS, where, after=(request.after,) if request.after else None, limit=request.limit, descending=True
    )
    return AuditEvents(items=[view(event) for event in some], next=some[-1].id if len(some) == request.limit else None)


def as_text(reply: AuditEvents) -> str:
    """Events as lines: when, who, what, to what, how it ended."""
    lines = [
        f"{event.at}  {event.outcome:<7}  {event.actor}  {event.action}  {event.target}"
        + (f"  {event.reason}" if event.reason else "")
        + (f"  {event.decision}" if event.decision else "")
        for event in reply.items
    ]
    return "\n".join([*lines, *([f"\nmore: --after {reply.next}"] if reply.next else [])]) or "none"


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_audit_events", "GET", "/api/v1/audit", "What was done or refused, the newest first.", "dw_audit:list",
        ListAuditEvents, AuditEvents, list_audit_events, "audit", render=as_text,
    ),
)  # fmt: skip
