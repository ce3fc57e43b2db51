"""What an organization may be called, who may be a member, and what goes with a member who leaves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from doorward.core.access.relation import MEMBER, Relation, shown, split_subject
from doorward.core.errors import Invalid
from doorward.core.instant import Instant
from doorward.core.outcome import Event, Outcome, Relate, Unrelate, keep
from doorward.core.table import Add, Expect, swap
from doorward.domain.organizations.records import ORGANIZATIONS, Organization

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_LENGTH = 200


def created(id: str, name: str, now: Instant, leftovers: Sequence[Relation]) -> Outcome[Organization]:
    """A new organization. `leftovers` are rows of one that had this id before: a new one begins empty."""
    if not ID.fullmatch(id):
        hint = "1 to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit"
        raise Invalid(f"`{shown(id)}` can't be an organization's id", reason="organization.id", hint=hint)
    organization = Organization(id, _name(name or id), created=now)
    event = Event("organization.create", organization.object)
    return keep(organization, Add(ORGANIZATIONS, organization), *map(Unrelate, leftovers), event)


def renamed(organization: Organization, name: str) -> Outcome[Organization]:
    """The organization under another name."""
    change = swap(ORGANIZATIONS, organization, name=_name(name))
    return keep(change.new, change, Event("organization.update", organization.object))


def with_status(organization: Organization, status: Literal["active", "disabled"]) -> Outcome[Organization]:
    """Open or close the organization. Closed, nothing is allowed in it; nothing else changes."""
    if organization.status == status:
        return keep(organization)
    change = swap(ORGANIZATIONS, organization, status=status)
    verb = "enable" if status == "active" else "disable"
    return keep(change.new, change, Event(f"organization.{verb}", organization.object))


def joined(organization: Organization, subject: str, *, known: bool) -> Outcome[Relation]:
    """A user or service account becomes a member."""
    row = membership(organization, subject)
    if not known:
        raise Invalid(f"there is no `{shown(subject)}`", reason="subject.unknown")
    event = Event("organization.add_member", organization.object, data={"member": subject})
    return keep(row, Relate(row), Expect(ORGANIZATIONS, organization), event)


def left(organization: Organization, subject: str, assignments: Sequence[Relation]) -> Outcome[None]:
    """A member leaves, and the roles held there go in the same batch."""
    row = membership(organization, subject)
    data = {"member": subject, "assignments": len(assignments)}
    event = Event("organization.remove_member", organization.object, data=data)
    return keep(None, Unrelate(row), *map(Unrelate, assignments), event)


def membership(organization: Organization, subject: str) -> Relation:
    """The row that makes `subject` a member. Invalid for anything but a user or service account."""
    name = split_subject(subject)
    if name.type not in ("user", "service_account") or name.relation or name.id == "*":
        hint = "name each as `user:ID` or `service_account:ID`"
        raise Invalid(f"`{shown(subject)}` can't be a member", reason="subject.refused", hint=hint)
    return Relation(organization.object, MEMBER, subject)


def _name(name: str) -> str:
    if not 0 < len(name.strip()) <= NAME_LENGTH or not name.isprintable():
        raise Invalid(f"an organization's name has 1 to {NAME_LENGTH} characters", reason="organization.name")
    return name.strip()
