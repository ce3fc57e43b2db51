"""What a group may be called, who may be a member, and who may let them in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doorward.core.access.relation import MEMBER, Relation, shown, split_subject
from doorward.core.errors import Forbidden, Invalid
from doorward.core.instant import Instant
from doorward.core.outcome import Event, Outcome, Relate, Unrelate, keep, refuse
from doorward.core.table import Add, Delete, Expect, swap
from doorward.domain.groups.records import GROUPS, Group

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_LENGTH = 200


def created(id: str, name: str, now: Instant, leftovers: Sequence[Relation]) -> Outcome[Group]:
    """A new group. `leftovers` are rows of one that had this id before: a new one begins without members or rights."""
    if not ID.fullmatch(id):
        hint = "1 to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit"
        raise Invalid(f"`{shown(id)}` can't be a group's id", reason="group.id", hint=hint)
    group = Group(id, _name(name or id), created=now)
    return keep(group, Add(GROUPS, group), *map(Unrelate, leftovers), Event("group.create", f"group:{id}"))


def renamed(group: Group, name: str) -> Outcome[Group]:
    """The group under another name."""
    change = swap(GROUPS, group, name=_name(name))
    return keep(change.new, change, Event("group.update", f"group:{group.id}"))


def deleted(group: Group, rows: Sequence[Relation]) -> Outcome[None]:
    """The group goes, with `rows`: its members, and all that was held through it."""
    gone = Delete(GROUPS, (group.id,), required=True)
    event = Event("group.delete", f"group:{group.id}", data={"relations": len(rows)})
    return keep(None, gone, *map(Unrelate, rows), event)


def membership(group: Group, subject: str) -> Relation:
    """The row that makes `subject` a member: `user:ID`, `service_account:ID` or `group:ID` (with or without
    `#member`). Invalid for anything else, the group itself included."""
    named = f"{subject}#{MEMBER}" if subject.startswith("group:") and "#" not in subject else subject
    name = split_subject(named)
    fit = name.type in ("user", "service_account", "group") and name.id != "*"
    if not fit or name.relation != (MEMBER if name.type == "group" else ""):
        hint = "name `user:ID`, `service_account:ID` or `group:ID`"
        raise Invalid(f"`{shown(subject)}` can't be a member of a group", reason="subject.refused", hint=hint)
    if named == group.members:
        raise Invalid("a group is no member of itself", reason="subject.refused")
    return Relation(f"group:{group.id}", MEMBER, named)


def joined(group: Group, row: Relation, *, known: bool, error: Forbidden | None) -> Outcome[Relation]:
    """A member comes in. `error` is why the caller may not let anybody in: it is kept as an event, then raised."""
    target, data = f"group:{group.id}", {"member": row.subject}
    if not known:
        raise Invalid(f"there is no `{shown(row.subject)}`", reason="subject.unknown")
    if error is not None:
        return refuse(error, Event("group.add_member", target, outcome="refused", reason=error.reason, data=data))
    return keep(row, Relate(row), Expect(GROUPS, group), Event("group.add_member", target, data=data))


def left(group: Group, row: Relation) -> Outcome[None]:
    """A member goes."""
    return keep(None, Unrelate(row), Event("group.remove_member", f"group:{group.id}", data={"member": row.subject}))


def _name(name: str) -> str:
    if not 0 < len(name.strip()) <= NAME_LENGTH or not name.isprintable():
        raise Invalid(f"a group's name has 1 to {NAME_LENGTH} characters", reason="group.name")
    return name.strip()
