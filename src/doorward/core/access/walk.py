"""The plain walk: does a model with these rows give a subject a relation to an object, and how?

It follows the model's words literally, one step at a time, and is the measure for anything faster. Values are three:
held, not held, and undecided. Undecided is what a relation is that depends on its own absence (`viewer: [user] but
not restricted`, where `restricted` holds whoever is a viewer); it is never an allow, nor does its opposite become one.
A relation that only depends on itself without `but not` gets nothing from the circle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from doorward.core.access.checks import nearest
from doorward.core.access.model import (
    Computed,
    Direct,
    Exclusion,
    FromParent,
    Intersection,
    Model,
    Restriction,
    Rewrite,
    Union,
)
from doorward.core.access.relation import Name, Relation, shown, split_object, split_subject
from doorward.core.errors import DoorwardError, Invalid

STEP_LIMIT = 50_000
"""Relations and rows looked at for one question, at most."""
DEPTH_LIMIT = 64
"""Relations that may lead to one another in a row, at most."""

Value: TypeAlias = bool | None
"""True, False, or None: undecided."""


class TooComplex(DoorwardError):
    """The question needs more steps than the limit: an error, never an answer."""

    status, code = 422, "too_complex"

    def __init__(self) -> None:
        super().__init__(
            "the relations lead too far to answer this question",
            reason="limit.exceeded",
            hint="make the chain of groups or parents shorter",
        )


class Rows(Protocol):
    """Relation rows of one store, as the walk reads them: live and unconditional ones."""

    def holds(self, object: str, relation: str, subject: str) -> bool:
        """Whether exactly this row is there."""
        ...

    def subjects(self, object: str, relation: str) -> Iterable[str]:
        """All subjects written on (object, relation)."""
        ...

    def usersets(self, object: str, relation: str) -> Iterable[str]:
        """Those subjects that are usersets, `group:a#member`."""
        ...


class Node(NamedTuple):
    """One step of the walk. `row` is the subject of the row that was followed or found, empty for a derivation."""

    object: str
    relation: str
    how: Literal["self", "row", "userset", "computed", "parent", "any", "all", "but not", "cycle", "nothing"]
    value: Value
    row: str = ""
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer, and the tree that led to it: what carried an allow, or all that was tried."""

    allowed: bool
    tree: Node | None = None


class RowSet:
    """Rows held in memory, for tests and for questions about what is not stored. Does NOT look at expiry."""

    def __init__(self, relations: Iterable[Relation]) -> None:
        self._rows: dict[tuple[str, str], list[str]] = {}
        for row in relations:
            if not row.condition:
                self._rows.setdefault((row.object, row.relation), []).append(row.subject)

    def holds(self, object: str, relation: str, subject: str) -> bool:
        """See Rows."""
        return subject in self._rows.get((object, relation), ())

    def subjects(self, object: str, relation: str) -> Iterable[str]:
        """See Rows."""
        return self._rows.get((object, relation), ())

    def usersets(self, object: str, relation: str) -> Iterable[str]:
        """See Rows."""
        return (subject for subject in self._rows.get((object, relation), ()) if "#" in subject)


def check(model: Model, rows: Rows, object: str, relation: str, subject: str) -> Resolution:
    """Whether `subject` (`user:ID`, `user:*` or `group:ID#member`) has `relation` on `object`.

    Invalid when the model knows no such type or relation; TooComplex when the limit is hit.
    """
    target, asked = split_object(object), split_subject(subject)
    if model.rewrite(target.type, relation) is None:
        raise Invalid(f"type `{shown(target.type)}` has no relation `{shown(relation)}`", reason="relation.unknown")
    if asked.type not in model.types:
        raise Invalid(f"the model has no type `{shown(asked.type)}`", reason="type.unknown")
    if asked.relation and model.rewrite(asked.type, asked.relation) is None:
        raise Invalid(
            f"type `{shown(asked.type)}` has no relation `{shown(asked.relation)}`", reason="relation.unknown"
        )
    try:
        tree = _Walk(model, rows, subject, asked).relation(object, relation)
    except RecursionError:
        raise TooComplex from None
    return Resolution(tree.value is True, tree)


def must_fit(model: Model, row: Relation) -> None:
    """Refuse a row that the model doesn't let anybody write: Invalid, naming what it lets.

    Does NOT ask whether the object or the subject exists.
    """
    kind, subject = split_object(row.object).type, split_subject(row.subject)
    if kind not in model.types:
        hint = nearest(kind, model.types) or f"it has {', '.join(model.types)}"
        raise Invalid(f"the model has no type `{shown(kind)}`", reason="type.unknown", hint=hint)
    relations = model.types[kind].relations
    if row.relation not in relations:
        hint = nearest(row.relation, relations) or f"it has {', '.join(relations) or 'none'}"
        problem = f"type `{kind}` has no relation `{shown(row.relation)}`"
        raise Invalid(problem, reason="relation.unknown", hint=hint)
    restrictions = model.restrictions(kind, row.relation)
    if not restrictions:
        hint = "write a relation that it is derived from"
        raise Invalid(f"`{row.relation}` of `{kind}` is derived, never written", reason="relation.derived", hint=hint)
    if not allows(restrictions, subject):
        problem = f"`{shown(row.subject)}` can't be `{row.relation}` of a `{kind}`"
        hint = f"the model lets only {', '.join(map(str, restrictions))}"
        raise Invalid(problem, reason="subject.refused", hint=hint)


def allows(restrictions: tuple[Restriction, ...], subject: Name) -> bool:
    """Whether one of these restrictions lets the subject be written. A restriction with a condition lets nothing: no
    row without its condition may count."""
    wildcard = subject.id == "*"
    return any(
        one.type == subject.type and one.relation == subject.relation and one.wildcard == wildcard and not one.condition
        for one in restrictions
    )


class _Walk:
    """One question being answered.

    `_path` holds what is being decided right now, with its depth and the count of `but not` above it. `_done` holds
    what was decided without looking at anything above it on the path: that is true wherever else it is asked.
    """

    def __init__(self, model: Model, rows: Rows, subject: str, asked: Name) -> None:
        self._model, self._rows, self._subject, self._asked = model, rows, subject, asked
        self._path: dict[tuple[str, str], tuple[int, int]] = {}
        self._done: dict[tuple[str, str], Node] = {}
        self._circle = DEPTH_LIMIT  # the least depth that a circle led back to
        self._negations = 0
        self._steps = 0

    def relation(self, object: str, relation: str) -> Node:
        key = (object, relation)
        self._step()
        if self._subject == f"{object}#{relation}":  # a userset is part of itself
            return Node(object, relation, "self", True)
        if key in self._path:  # INVARIANT: nothing is decided by its own absence
            above, negations = self._path[key]
            self._circle = min(self._circle, above)
            return Node(object, relation, "cycle", False if negations == self._negations else None)
        if key not in self._done:
            rewrite = self._model.rewrite(object.partition(":")[0], relation)
            if rewrite is None:  # a row or a parent of a type that lacks the relation gives nothing
                return Node(object, relation, "nothing", False)
            return self._decide(key, rewrite)
        return self._done[key]

    def _decide(self, key: tuple[str, str], rewrite: Rewrite) -> Node:
        depth = len(self._path)
        if depth >= DEPTH_LIMIT:
            raise TooComplex
        around, self._circle = self._circle, DEPTH_LIMIT
        self._path[key] = (depth, self._negations)
        node = self._rewrite(rewrite, *key)
        del self._path[key]
        if self._circle >= depth:
            self._done[key] = node
            self._circle = around
        else:
            self._circle = min(self._circle, around)
        return node

    def _rewrite(self, rewrite: Rewrite, object: str, relation: str) -> Node:
        match rewrite:
            case Direct(restrictions):
                return self._direct(restrictions, object, relation)
            case Computed(other):
                part = self.relation(object, other)
                return Node(object, relation, "computed", part.value, parts=(part,))
            case FromParent(other, parent):
                return self._parents(other, parent, object, relation)
            case Union(parts):
                return self._any(object, relation, (self._rewrite(part, object, relation) for part in parts))
            case Intersection(parts):
                return self._all(object, relation, parts)
            case _:
                return self._without(object, relation, rewrite)

    def _direct(self, restrictions: tuple[Restriction, ...], object: str, relation: str) -> Node:
        everyone = "" if self._asked.relation else f"{self._asked.type}:*"  # `group:*` says nothing of `group:a#member`
        for row in filter(None, (self._subject, everyone)):
            if self._rows.holds(object, relation, row) and self._allows(restrictions, row):
                return Node(object, relation, "row", True, row)
        followed = (row for row in self._rows.usersets(object, relation) if self._allows(restrictions, row))
        return self._any(object, relation, (self._userset(object, relation, row) for row in followed))

    def _userset(self, object: str, relation: str, row: str) -> Node:
        group, _, members = row.partition("#")
        part = self.relation(group, members)
        return Node(object, relation, "userset", part.value, row, (part,))

    def _parents(self, other: str, parent: str, object: str, relation: str) -> Node:
        allowed = self._model.restrictions(object.partition(":")[0], parent)
        found = (
            row
            for row in self._rows.subjects(object, parent)
            if "#" not in row and not row.endswith(":*") and self._allows(allowed, row)
        )
        return self._any(object, relation, (self._parent(object, parent, row, other) for row in found))

    def _parent(self, object: str, parent: str, row: str, other: str) -> Node:
        part = self.relation(row, other)
        return Node(object, parent, "parent", part.value, row, (part,))

    def _any(self, object: str, relation: str, parts: Iterable[Node]) -> Node:
        tried: list[Node] = []
        for part in parts:
            self._step()
            if part.value is True:
                return Node(object, relation, "any", True, parts=(part,))
            tried.append(part)
        value = None if any(part.value is None for part in tried) else False
        return Node(object, relation, "any", value, parts=tuple(tried))

    def _all(self, object: str, relation: str, parts: tuple[Rewrite, ...]) -> Node:
        tried: list[Node] = []
        for rewrite in parts:
            part = self._rewrite(rewrite, object, relation)
            if part.value is False:
                return Node(object, relation, "all", False, parts=(part,))
            tried.append(part)
        value = None if any(part.value is None for part in tried) else True
        return Node(object, relation, "all", value, parts=tuple(tried))

    def _without(self, object: str, relation: str, rewrite: Exclusion) -> Node:
        has = self._rewrite(rewrite.base, object, relation)
        if has.value is False:
            return Node(object, relation, "but not", False, parts=(has,))
        self._negations += 1
        excluded = self._rewrite(rewrite.minus, object, relation)
        self._negations -= 1
        value = False if excluded.value is True else None if excluded.value is None else has.value
        return Node(object, relation, "but not", value, parts=(has, excluded))

    def _allows(self, restrictions: tuple[Restriction, ...], row: str) -> bool:
        subject, _, relation = row.partition("#")
        type, _, id = subject.partition(":")
        return allows(restrictions, Name(type, id, relation))

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise TooComplex
