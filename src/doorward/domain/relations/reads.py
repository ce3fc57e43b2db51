"""What the index knows of a subject: its groups, and the roles it holds. Synchronous; no I/O but the refresh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doorward.core.access.relation import ASSIGNEE, MEMBER, PLACE, parse_assignment
from doorward.core.access.walk import TooComplex
from doorward.core.errors import Conflict
from doorward.domain.relations.records import Held
from doorward.ports import Relations

GROUP_LIMIT = 10_000
"""Groups one subject may be in, nested ones counted."""


def names_of(relations: Relations, subject: str) -> Sequence[str]:
    """The subject, then every group it is in, nested, as `group:ID#member`. A circle of groups ends.

    TooComplex at the limit: a part of the groups is no answer.
    """
    found = {subject: None}
    queue = [subject]
    for name in queue:
        for object, _ in relations.held(name, relation=MEMBER):
            userset = f"{object}#{MEMBER}"
            if object.startswith("group:") and userset not in found:
                found[userset] = None
                queue.append(userset)
                if len(queue) > GROUP_LIMIT:
                    raise TooComplex
    return queue


def roles_of(relations: Relations, subject: str) -> Iterator[Held]:
    """Every role the subject holds, wherever and by whichever group."""
    for name in names_of(relations, subject):
        for object, _ in relations.held(name, relation=ASSIGNEE):
            role, place = parse_assignment(object)
            yield Held(role, place, name)


def organization_of(relations: Relations, object: str) -> str | None:
    """The id of the object's organization, or None. An organization belongs to itself.

    Conflict when two rows disagree, which storage prevents: never an answer.
    """
    kind, _, id = object.partition(":")
    if kind == "organization":
        return id
    rows = list(relations.subjects(object, PLACE))
    if len(rows) > 1:
        raise Conflict(f"`{object}` belongs to two organizations", reason="organization.ambiguous")
    return rows[0].partition(":")[2] if rows else None


def organizations_of(relations: Relations, subject: str) -> list[str]:
    """Ids of the organizations the subject is a member of."""
    return sorted(
        object.partition(":")[2]
        for object, _ in relations.held(subject, relation=MEMBER)
        if object.startswith("organization:")
    )
