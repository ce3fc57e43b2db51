"""The operations that ask: may somebody do this, to this, and why was a call refused."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.decision import Decision
from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.accounts.reads import subject as found_subject
from doorward.domain.audit.reads import decision as recorded_decision
from doorward.domain.decisions.flow import decide
from doorward.ports import World
from doorward.web.route import Operation

CHECK_PATH = "/api/v1/check"
CHECK_PERMISSION = "dw_decision:check"


class StepView(msgspec.Struct, frozen=True):
    """One line of a trace: whether it held, what was looked at, and the sentence for a person."""

    holds: bool
    kind: str
    text: str


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """May `subject` do `permission`, on `object`, in `organization`? `scope` narrows what their credential carries."""

    subject: Annotated[str, Meta(max_length=300, description="Username, user:ID or service_account:ID.")]
    permission: Annotated[str, Meta(max_length=300, description="What they want to do, e.g. invoice:read.")]
    object: Annotated[str | None, Meta(description="What they want to do it to, e.g. invoice:7.")] = None
    organization: Annotated[str | None, Meta(description="Where.", extra={"option": "org"})] = None
    scope: Annotated[
        tuple[str, ...] | None,
        Meta(description="Ask as a token that carries only this; once for each.", extra={"option": "scope"}),
    ] = None


class CheckReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `reason` is from a closed list; `fix` is the smallest change that would allow it, or empty."""

    allowed: bool
    decision: str
    reason: str
    trace: list[StepView]
    fix: str
    revision: int


class OneDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One decision, by its id."""

    decision: Annotated[str, Meta(description="The decision's id: dec_….")]


class RecordedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it was recorded: whom it was about, what they wanted, and why it was refused."""

    decision: str
    at: str
    subject: str
    permission: str
    allowed: bool
    reason: str
    trace: list[StepView]
    fix: str
    revision: int


def answer(decision: Decision) -> CheckReply:
    """A Decision as it is sent."""
    return CheckReply(
        allowed=bool(decision),
        decision=decision.id,
        reason=decision.reason,
        trace=[StepView(step.holds, step.kind, step.text) for step in decision.trace],
        fix="" if decision else decision.fix,
        revision=decision.revision,
    )


def asked_as(subject: str, scope: tuple[str, ...] | None) -> Principal:
    """Whom a check is about: somebody with a first-party session, or with a token that carries `scope`."""
    scopes = None if scope is None else frozenset(scope)
    return Principal(subject, "session" if scopes is None else "token", scopes=scopes)


async def check(world: World, principal: Principal, request: Check) -> CheckReply:
    """Decide. NotFound for a subject that nobody is; Invalid for a malformed object."""
    subject = (await found_subject(world, request.subject)).subject
    asked = asked_as(subject, request.scope)
    return answer(decide(world, asked, request.permission, request.object, request.organization))


async def why(world: World, principal: Principal, request: OneDecision) -> RecordedDecision:
    """What was recorded of a decision. NotFound when nothing was."""
    event = await recorded_decision(world, request.decision)
    data = event.data
    return RecordedDecision(
        decision=request.decision,
        at=to_text(event.at),
        subject=str(data.get("subject", event.actor)),
        permission=str(data.get("permission", "")),
        allowed=event.outcome == "ok",
        reason=event.reason,
        trace=msgspec.convert(data.get("trace", []), list[StepView]),
        fix=str(data.get("fix", "")),
        revision=int(data.get("revision", 0)),
    )


def as_text(reply: CheckReply | RecordedDecision) -> str:
    """A decision for a person: the verdict, a line for each step, the fix."""
    lines = [f"{'ALLOW' if reply.allowed else 'DENY'} {reply.decision}  {reply.reason}"]
    if isinstance(reply, RecordedDecision):
        lines.append(f"  at {reply.at}, {reply.subject} asked for {reply.permission}")
    lines += [f"  {'✓' if step.holds else '✗'} {step.text}" for step in reply.trace]
    return "\n".join([*lines, *([f"fix: {reply.fix}"] if reply.fix else [])])


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "check", "POST", CHECK_PATH, "May somebody do this, to this?", CHECK_PERMISSION, Check, CheckReply, check,
        "check", ("subject", "permission", "object"), render=as_text,
    ),
    Operation(
        "why", "GET", "/api/v1/why/{decision}", "Show a decision that was recorded.", "dw_decision:read",
        OneDecision, RecordedDecision, why, "why", ("decision",), render=as_text,
    ),
)  # fmt: skip
