"""decide: gather what is known, ask the rule, answer with the trace. Synchronous; one state of the database."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from doorward.core.access.relation import ASSIGNEE, ROLE_TYPE, split_object
from doorward.core.access.walk import Resolution, TooComplex
from doorward.core.decision import DENY_REASONS, Allow, AllowReason, Decision, Deny, DenyReason
from doorward.core.principal import Principal
from doorward.domain.decisions import trace
from doorward.domain.decisions.rules import Holding, Question, Standing, barrier, involved, places, verdict
from doorward.domain.relations.reads import names_of, organization_of, roles_of
from doorward.domain.relations.records import Held
from doorward.ports import World

ELSEWHERE_LIMIT = 1000
"""Assignments looked through to say that a role is held elsewhere."""


def decide(
    world: World,
    principal: Principal,
    permission: str,
    object: str | None = None,
    organization: str | None = None,
) -> Decision:
    """Whether the caller may, and why.

    Invalid for a malformed object or organization; Unavailable when the database can't be followed. Never an allow in
    either case. Does NOT verify the credential: that is `authenticate`. Does NOT record the decision.
    """
    question = _question(world, principal, permission, object, organization)
    id = world.new_id("dec")
    if principal.credential_kind == "operator":
        return Allow(id, "operator", trace.operator(question))
    with world.relations.still() as revision:
        try:
            return _told(world, question, _judged(world, question), id, revision)
        except TooComplex:
            return Deny(id, "limit.exceeded", trace.limit(question), revision=revision)


def allows(
    world: World,
    principal: Principal,
    permission: str,
    object: str | None = None,
    organization: str | None = None,
) -> bool:
    """Whether `decide` would allow, without its id and trace: for what is asked often and told to nobody.

    Errors: as `decide`.
    """
    question = _question(world, principal, permission, object, organization)
    if principal.credential_kind == "operator":
        return True
    with world.relations.still():
        try:
            return _judged(world, question).reason not in DENY_REASONS
        except TooComplex:
            return False


def permissions_of(
    world: World, principal: Principal, object: str | None = None, organization: str | None = None
) -> list[str]:
    """Every declared permission that `decide` allows here, sorted: for pages that show only what would be allowed.

    One decision for each permission, in one state of the database. Errors: as `decide`.
    """
    with world.relations.still():
        return [
            permission
            for permission in sorted(world.catalogue.declared())
            if allows(world, principal, permission, object, organization)
        ]


class _Judged(NamedTuple):
    """The verdict, and what it rests on."""

    reason: AllowReason | DenyReason
    standing: Standing
    holding: Holding = Holding()
    resolution: Resolution | None = None
    barred: bool = False


def _question(
    world: World, principal: Principal, permission: str, object: str | None, organization: str | None
) -> Question:
    if object is not None:
        split_object(object)
    if organization is not None:
        split_object(f"organization:{organization}")
    return Question(principal, permission, object, organization, world.clock.now())


def _judged(world: World, question: Question) -> _Judged:
    """INVARIANT: the one way to a verdict, whether or not it is told afterwards."""
    catalogue, subject = world.catalogue, question.principal.subject
    home = None if question.object is None else organization_of(world.relations, question.object)
    standing = Standing(
        catalogue.active(subject),
        question.permission in catalogue.declared(),
        home,
        {name: catalogue.organization(name) for name in involved(question, home)},
    )
    if (refused := barrier(question, standing)) is not None:
        return _Judged(refused, standing, barred=True)
    where = places(question, home)
    holding, resolution = _holding(world, question, where)
    return _Judged(verdict(where, holding), standing, holding, resolution)


def _told(world: World, question: Question, judged: _Judged, id: str, revision: int) -> Decision:
    """The verdict with its trace."""
    reason, standing, holding, resolution, barred = judged
    view = trace.View(world.catalogue, question, standing)
    if reason in DENY_REASONS:
        steps = trace.refused(view) if barred else trace.denied(view, holding, resolution)
        return Deny(id, reason, steps, trace.fix(view, reason, holding), revision)  # type: ignore[arg-type]  # a key of DENY_REASONS is a DenyReason
    return Allow(id, reason, trace.allowed(view, holding, resolution), revision)  # type: ignore[arg-type]  # see above


def _holding(world: World, question: Question, where: Iterable[str]) -> tuple[Holding, Resolution | None]:
    """A role here if there is one; else the relation; else, if neither gives it, a role elsewhere."""
    giving = world.catalogue.roles_giving(question.permission)
    if giving:
        holds = world.relations.holds
        names = names_of(world.relations, question.principal.subject)
        for place in where:
            for role in giving:
                object = f"{ROLE_TYPE}:{role}/{place}"
                for name in names:
                    if holds(object, ASSIGNEE, name):
                        return Holding(here=Held(role, place, name)), None
    resolution = _relation(world, question)
    related = None if resolution is None else resolution.allowed
    held = (
        () if related or not giving else islice(roles_of(world.relations, question.principal.subject), ELSEWHERE_LIMIT)
    )
    elsewhere = next((one for one in held if one.role in giving), None)
    return Holding(elsewhere=elsewhere, related=related), resolution


def _relation(world: World, question: Question) -> Resolution | None:
    """What the model says of `can_<verb>` on the object, or None when it names no such relation."""
    model, object = world.catalogue.model(), question.object
    if model is None or object is None:
        return None
    kind, _, verb = question.permission.partition(":")
    subject = question.principal.subject
    if object.partition(":")[0] != kind or model.rewrite(kind, f"can_{verb}") is None:
        return None
    if subject.partition(":")[0] not in model.types:
        return Resolution(allowed=False)
    return world.relations.check(model, object, f"can_{verb}", subject)
