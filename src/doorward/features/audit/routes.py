"""The operations on the audit. They only read: an event is never changed or deleted."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from doorward.core.audit import AuditEvent
from doorward.core.errors import Invalid
from doorward.core.instant import Instant, from_text, to_text
from doorward.core.principal import Principal
from doorward.domain.audit import flow, reads
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
    """Which events, the newest first; several conditions narrow each other."""

    actor: Annotated[str, Meta(description="Who did it, e.g. user:ID.")] = ""
    target: Annotated[str, Meta(description="What it was done to, e.g. user:ID.")] = ""
    action: Annotated[str, Meta(description="What was done, e.g. user.create, or user. for all.")] = ""
    outcome: Annotated[Literal["ok", "refused"] | None, Meta(description="How it ended.")] = None
    decision: Annotated[str, Meta(description="The decision that refused it: dec_….")] = ""
    request: Annotated[str, Meta(description="The request it was part of: req_….")] = ""
    since: Annotated[str | None, Meta(description="From then on, e.g. 2027-01-31T12:00:00Z.")] = None
    until: Annotated[str | None, Meta(description="Before then.")] = None
    after: Annotated[str, Meta(description="`next` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class VerifyAudit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole record."""


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the record is whole: how many events' seals hold, how many wait for theirs, and the first break."""

    whole: bool
    sealed: int
    waiting: int
    place: int | None
    event: str | None
    problem: str | None


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
    """A page of events, the newest first."""
    wanted = reads.AuditFilter(
        actor=request.actor,
        target=request.target,
        action=request.action,
        outcome=request.outcome or "",
        decision=request.decision,
        request=request.request,
        since=_time("since", request.since),
        until=_time("until", request.until),
    )
    some = await reads.events(world, wanted, before=request.after, limit=request.limit)
    return AuditEvents(items=[view(event) for event in some], next=some[-1].id if len(some) == request.limit else None)


async def verify_audit(world: World, principal: Principal, request: VerifyAudit) -> AuditReport:
    """Read the whole chain of seals again. Needs the server's key."""
    report = await flow.verify_chain(world)
    broken = report.broken
    return AuditReport(
        whole=bool(report),
        sealed=report.sealed,
        waiting=report.waiting,
        place=None if broken is None else broken.place,
        event=None if broken is None else broken.event,
        problem=None if broken is None else broken.problem,
    )


def _time(name: str, text: str | None) -> Instant | None:
    try:
        return None if text is None else from_text(text)
    except (ValueError, OverflowError):
        hint = "write it like 2027-01-31T12:00:00Z"
        raise Invalid(f"`{name}` is not a time", reason="time.invalid", hint=hint) from None


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
        ListAuditEvents, AuditEvents, list_audit_events, "audit list", render=as_text,
    ),
    Operation(
        "verify_audit", "GET", "/api/v1/audit/verify", "Check that nothing in the record was changed or taken out.",
        "dw_audit:verify", VerifyAudit, AuditReport, verify_audit, "audit verify",
    ),
)  # fmt: skip
