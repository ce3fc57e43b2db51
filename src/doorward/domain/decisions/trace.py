"""The trace of a decision: what was looked at, in sentences, and the smallest change that would allow it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from doorward.core.access.model import Computed, Direct, Model, Rewrite, Union
from doorward.core.access.relation import shown
from doorward.core.access.walk import Node, Resolution
from doorward.core.decision import Allow, Decision, Step
from doorward.domain.decisions.rules import Holding, Question, Standing, place_of
from doorward.domain.relations.records import Held

if TYPE_CHECKING:
    from doorward.ports import Catalogue

TOLD = 4096
"""Sentences remembered of each kind: most decisions are told in the same few."""
WALK_STEPS = 20
"""Steps of a walk that are told; a long way is cut."""


class View(NamedTuple):
    """A question with what is needed to tell of it."""

    catalogue: Catalogue
    question: Question
    standing: Standing

    @property
    def who(self) -> str:
        """The caller as people call them."""
        return self.catalogue.name(self.question.principal.subject)

    @property
    def place(self) -> str | None:
        """The organization the question is about."""
        return place_of(self.question, self.standing.home)


def operator(question: Question) -> tuple[Step, ...]:
    """The operator of the machine may do everything."""
    return (Step(True, "credential", f"the operator of this server may {shown(question.permission)}"),)


def limit(question: Question) -> tuple[Step, ...]:
    """The question was too expensive."""
    return (Step(False, "relation", f"too many steps lead to {question.object or shown(question.permission)}"),)


def refused(view: View) -> tuple[Step, ...]:
    """Up to the barrier that was hit."""
    steps = _standing(view)
    hit = next((index for index, step in enumerate(steps) if not step.holds), len(steps))
    return steps[: hit + 1]


def allowed(view: View, holding: Holding, resolution: Resolution | None) -> tuple[Step, ...]:
    """Everything that held."""
    if holding.here is not None:
        return (*_standing(view), _role(holding.here, view.question.permission))
    walk = () if resolution is None or resolution.tree is None else tuple(_walk(resolution.tree))[:WALK_STEPS]
    subject = view.question.principal.subject
    named = [text.replace(f"{subject} ", f"{subject.partition(':')[0]} {view.who} ") for text in walk]
    return (*_standing(view), *(Step(True, "relation", text) for text in named))


def denied(view: View, holding: Holding, resolution: Resolution | None) -> tuple[Step, ...]:
    """What held, and what was missing."""
    steps = list(_standing(view))
    permission, object = view.question.permission, view.question.object
    if holding.elsewhere is not None:
        steps.append(_role(holding.elsewhere, permission))
        steps.append(Step(False, "object" if object else "organization", _whereabouts(view)))
    else:
        if object and view.place:
            steps.append(Step(True, "object", f"{object} belongs to {view.place}"))
        steps.append(Step(False, "role", f"no role of {view.who} gives {permission}"))
    if resolution is not None:
        verb = permission.partition(":")[2]
        undecided = resolution.tree is not None and resolution.tree.value is None
        why = "depends on its own absence" if undecided else "no relation leads there"
        steps.append(Step(False, "relation", f"{view.who} is not can_{verb} of {object}: {why}"))
    return tuple(steps)


def fix(view: View, reason: str, holding: Holding) -> str:
    """The smallest change that would allow it, as a command or an instruction; empty when there is none to advise."""
    question, who = view.question, shlex.quote(view.who)
    permission = shown(question.permission)
    match reason:
        case "user.inactive":
            advice = f"doorward user enable {who}" if view.who != question.principal.subject else ""
        case "permission.unknown":
            advice = f"declare {permission} under [permissions] in access.toml"
        case "scope.missing":
            advice = f"request the scope {permission}"
        case "organization.inactive":
            disabled = sorted(id for id, status in view.standing.organizations.items() if status == "disabled")
            advice = f"doorward organization enable {shlex.quote(disabled[0])}"
        case "organization.other":
            advice = f"switch to organization {view.place}"
        case "relation.missing" if relation := _writable(view):
            advice = (
                f"doorward relation add {shlex.quote(question.object or '')} {relation} {question.principal.subject}"
            )
        case "role.elsewhere" | "role.missing" | "relation.missing":
            advice = _assign(view, holding, who)
        case _:
            advice = ""
    return advice


def render(decision: Decision) -> str:
    """A decision as a person reads it: the verdict, a line for each step, the fix."""
    verdict = "ALLOW" if isinstance(decision, Allow) else "DENY"
    lines = [f"{verdict} {decision.id}  {decision.reason}"]
    lines += [f"  {'✓' if step.holds else '✗'} {step.text}" for step in decision.trace]
    if not isinstance(decision, Allow) and decision.fix:
        lines.append(f"fix: {decision.fix}")
    return "\n".join(lines)


def _standing(view: View) -> tuple[Step, ...]:
    question, standing = view.question, view.standing
    principal = question.principal
    steps = []
    if principal.expires is not None and principal.expires <= question.now:
        steps.append(Step(False, "credential", "the credential has expired"))
    steps.append(_subject(principal.subject.partition(":")[0], view.who, standing.active))
    if not standing.declared:
        steps.append(Step(False, "permission", f"no API declares {shown(question.permission)}"))
    if principal.scopes is not None:
        carries = question.permission in principal.scopes
        steps.append(_credential(principal.credential_kind, question.permission, carries))
    if standing.organizations:
        steps += _organizations(view)
    return tuple(steps)


@lru_cache(TOLD)
def _subject(kind: str, who: str, active: bool) -> Step:  # a cache key, not a switch
    return Step(active, "subject", f"{kind.replace('_', ' ')} {who}, {'active' if active else 'disabled or gone'}")


@lru_cache(TOLD)
def _credential(kind: str, permission: str, carries: bool) -> Step:  # a cache key, not a switch
    carried = "carries" if carries else "does not carry"
    return Step(carries, "credential", f"the {kind.replace('_', ' ')} {carried} {shown(permission)}")


def _organizations(view: View) -> Iterator[Step]:
    for id, status in sorted(view.standing.organizations.items(), key=_gravity):
        if status != "active":
            yield Step(False, "organization", f"organization {id} is {'disabled' if status else 'unknown'}")
    question, home = view.question, view.standing.home
    if question.object is not None and question.organization not in (None, home):
        where = f"{home}, not to" if home else "no organization, so not to"
        yield Step(False, "object", f"{question.object} belongs to {where} {question.organization}")
    active = question.principal.organization
    if active is not None and view.place not in (None, active):
        yield Step(False, "organization", f"organization {active} is active, and this is in {view.place}")


@lru_cache(TOLD)
def _role(held: Held, permission: str) -> Step:
    via = f" (by {held.via.partition('#')[0]})" if held.via.startswith("group:") else ""
    return Step(True, "role", f"role {held.role} {_at(held.place)}{via} gives {permission}")


def _gravity(organization: tuple[str, str | None]) -> tuple[bool, str]:
    """Unknown ones first: that is the reason given."""
    return (organization[1] is not None, organization[0])


def _at(place: str) -> str:
    if place == "*":
        return "everywhere"
    kind, _, id = place.partition(":")
    return f"in {id}" if kind == "organization" else f"on {place}"


def _whereabouts(view: View) -> str:
    object = view.question.object
    if object is not None:
        return f"{object} belongs to {view.place or 'no organization'}"
    return f"this is asked in {view.place}" if view.place else "this is asked outside of any organization"


def _assign(view: View, holding: Holding, who: str) -> str:
    giving = view.catalogue.roles_giving(view.question.permission)
    if not giving:
        return f"add {view.question.permission} to a role in access.toml"
    smallest = min(giving, key=lambda role: (len(view.catalogue.permissions_of(role)), role))
    role = smallest if holding.elsewhere is None else holding.elsewhere.role
    if view.place is not None:
        where = f" --org {shlex.quote(view.place)}"
    elif view.question.object is not None:
        where = f" --on {shlex.quote(view.question.object)}"
    else:
        where = ""
    return f"doorward assign {who} {role}{where}"


def _writable(view: View) -> str | None:
    """The nearest relation that a row with this subject may be written on to give the permission."""
    model = view.catalogue.model() or Model()
    kind, _, verb = view.question.permission.partition(":")
    subject = view.question.principal.subject.partition(":")[0]
    queue = [f"can_{verb}"]
    for name in queue:
        for part in _alternatives(model.rewrite(kind, name)):
            if isinstance(part, Direct) and any(str(one) == subject for one in part.restrictions):
                return name
            if isinstance(part, Computed) and part.relation not in queue:
                queue.append(part.relation)
    return None


def _alternatives(rewrite: Rewrite | None) -> Iterator[Rewrite]:
    if isinstance(rewrite, Union):
        for part in rewrite.parts:
            yield from _alternatives(part)
    elif rewrite is not None:
        yield rewrite


def _walk(node: Node) -> Iterator[str]:
    """The way from the object to the subject, one sentence a step."""
    if node.how in ("row", "userset", "parent") and node.row:
        yield f"{node.row} is {node.relation} of {node.object}"
    elif node.how == "computed":
        yield f"{node.relation} of {node.object} includes {node.parts[0].relation}"
    elif node.how == "but not":
        yield from _walk(node.parts[0])
        return
    for part in node.parts:
        yield from _walk(part)
