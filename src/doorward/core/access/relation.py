"""A relation row: object, relation, subject, and what makes it final from the first day.

`invoice:7` `viewer` `user:usr_01…` reads: the user is a viewer of invoice 7. Subjects are `type:id`, a userset
`type:id#relation`, or everyone of a type, `type:*`. Ids are opaque: never folded, normalised or split.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from doorward.core.errors import Invalid
from doorward.core.instant import Instant
from doorward.core.table import Table

DEFAULT_STORE = "default"
"""The application's own store. Others belong to the OpenFGA-compatible API."""

PLACE = "dw_organization"
"""The relation that puts an object into its one organization: `invoice:7` `dw_organization` `organization:acme`."""


@dataclass(frozen=True, slots=True)
class Relation:
    """One row. `condition` is empty when unconditional; `revision` and `timeline` are set by storage when written."""

    object: str
    relation: str
    subject: str
    store: str = DEFAULT_STORE
    condition: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    expires: Instant | None = None
    revision: int = 0
    timeline: str = ""


RELATIONS = Table(
    "relations",
    Relation,
    key=("store", "object", "relation", "subject"),
    lookup=(("store", "subject", "relation"),),
    expires="expires",
    unique_when=((("store", "object"), "relation", PLACE),),
)
"""Written only by Relate and Unrelate, which also put the whole row into the change feed."""

MAX_NAME = 256
"""Characters of an object or a subject, at most."""

_STRAY = r"\s\x00-\x1f\x7f-\x9f\ud800-\udfff"
_OBJECT = re.compile(rf"([^:#@*{_STRAY}]+):([^#{_STRAY}]+)")
_SUBJECT = re.compile(rf"([^:#@*{_STRAY}]+):([^#{_STRAY}]+)(?:#([^:#@*{_STRAY}]+))?")


class Name(NamedTuple):
    """An object or a subject, split: `relation` is empty unless it is a userset; `id` is `*` for everyone of a type."""

    type: str
    id: str
    relation: str = ""


def split_object(text: str) -> Name:
    """An object's type and id. Invalid (`object.malformed`) unless it is `type:id`, without space, control or `#`.

    Does NOT fold, decode or normalise: two spellings are two objects.
    """
    found = _OBJECT.fullmatch(text) if len(text) <= MAX_NAME else None
    if found is None or found[2] == "*":
        raise Invalid(
            f"`{shown(text)}` is not an object",
            reason="object.malformed",
            hint="an object is `type:id`, e.g. `invoice:7`, without spaces",
        )
    return Name(found[1], found[2])


def split_subject(text: str) -> Name:
    """A subject's parts. Invalid (`subject.malformed`) unless `type:id`, `type:id#relation` or `type:*`."""
    found = _SUBJECT.fullmatch(text) if len(text) <= MAX_NAME else None
    if found is None or (found[2] == "*" and found[3]):
        raise Invalid(
            f"`{shown(text)}` is not a subject",
            reason="subject.malformed",
            hint="a subject is `user:ID`, `service_account:ID`, `group:ID#member` or `user:*`",
        )
    return Name(found[1], found[2], found[3] or "")


def shown(text: str) -> str:
    """Input made fit for an error: printable, and no longer than a line."""
    printable = "".join(c if c.isprintable() and c != "`" else "?" for c in text[:80])
    return printable + ("…" if len(text) > 80 else "")


RESERVED = "dw_"
"""What types, relations and roles of doorward's own begin with."""

ROLE_TYPE, ASSIGNEE = "dw_role", "assignee"
MEMBER = "member"
EVERYWHERE = "*"


def assignment(role: str, place: str, subject: str) -> Relation:
    """The row that says `subject` holds `role` at `place` (`*`, `organization:ID` or an object)."""
    return Relation(f"{ROLE_TYPE}:{role}/{place}", ASSIGNEE, subject)


def parse_assignment(object: str) -> tuple[str, str]:
    """Role and place of an assignment row's object. ValueError when it is another kind of object."""
    kind, _, rest = object.partition(":")
    role, slash, place = rest.partition("/")
    if kind != ROLE_TYPE or not slash:
        raise ValueError(object)
    return role, place
