"""The one rule, as pure functions: the credential carries the permission, and the caller holds it here.

`barrier` is everything that stops a caller whatever they hold; `verdict` is what they hold. Both answer with a reason
of the closed catalogue in core/decision.py, in its order of precedence. Their inputs are named tuples, which cost a
third of a frozen dataclass to make: they are made for every decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from doorward.core.decision import AllowReason, DenyReason
from doorward.core.instant import Instant
from doorward.core.principal import Principal
from doorward.domain.relations.records import Held

Status = Literal["active", "disabled"] | None


class Question(NamedTuple):
    """Who asks for what, on which object, in which organization, when."""

    principal: Principal
    permission: str
    object: str | None
    organization: str | None
    now: Instant


class Standing(NamedTuple):
    """What is true before rights are looked at. `home` is the object's organization, `organizations` the status of
    each that plays a part (None: there is none)."""

    active: bool
    declared: bool
    home: str | None
    organizations: Mapping[str, Status]


class Holding(NamedTuple):
    """What the caller holds: a role that gives the permission here, one that gives it elsewhere, and whether a
    relation does (None: the model has no such relation on this object)."""

    here: Held | None = None
    elsewhere: Held | None = None
    related: bool | None = None


def place_of(question: Question, home: str | None) -> str | None:
    """The organization a question is about: the object's, else the one named, else the active one."""
    if question.object is not None:
        return home
    return question.organization if question.organization is not None else question.principal.organization


def involved(question: Question, home: str | None) -> list[str]:
    """Every organization that must exist and be active for an allow."""
    return [id for id in (question.organization, home, question.principal.organization) if id is not None]


def barrier(question: Question, standing: Standing) -> DenyReason | None:
    """Why the caller is refused whatever they hold, or None. Does NOT look at what they hold."""
    principal = question.principal
    if principal.expires is not None and principal.expires <= question.now:
        return "token.expired"
    if not standing.active:
        return "user.inactive"
    if not standing.declared:
        return "permission.unknown"
    if principal.scopes is not None and question.permission not in principal.scopes:
        return "scope.missing"
    return _organization_barrier(question, standing)


def _organization_barrier(question: Question, standing: Standing) -> DenyReason | None:
    part = involved(question, standing.home)
    if not part:
        return None
    statuses = [standing.organizations.get(id) for id in part]
    if None in statuses:
        return "organization.unknown"
    if any(status != "active" for status in statuses):
        return "organization.inactive"
    if question.object is not None and question.organization not in (None, standing.home):
        return "organization.mismatch"
    place, active = place_of(question, standing.home), question.principal.organization
    if active is not None and place is not None and place != active:
        return "organization.other"
    return None


def places(question: Question, home: str | None) -> dict[str, AllowReason]:
    """Where a role must be held to count for this question, and the reason it then gives."""
    found: dict[str, AllowReason] = {"*": "role.everywhere"}
    if (organization := place_of(question, home)) is not None:
        found[f"organization:{organization}"] = "role.organization"
    if question.object is not None:
        found.setdefault(question.object, "role.object")
    return found


def verdict(where: Mapping[str, AllowReason], holding: Holding) -> AllowReason | DenyReason:
    """Whether what the caller holds gives the permission here; `where` is what `places` says.

    INVARIANT: an allow is for a role held at one of these places, or for a relation.
    """
    if holding.here is not None and (reason := where.get(holding.here.place)) is not None:
        return reason
    if holding.related:
        return "relation"
    if holding.elsewhere is not None:
        return "role.elsewhere"
    return "role.missing" if holding.related is None else "relation.missing"
