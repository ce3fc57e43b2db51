"""The plain walk: does a model with these rows give a subject a relation to an object, and how?

It follows the model's words literally, one step at a time, and is the measure for anything faster. Values are three:
held, not held, and undecided. Undecided is what a relation is that depends on its own absence (`viewer: [user] but
not restricted`, where `restricted` holds whoever is a viewer); it is never an allow, nor does its opposite become one.
A relation that only depends on itself without `but not` gets nothing from the circle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

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
DEPTH_LIMIT = 100
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


@dataclass(frozen=True, slots=True)
class Node:
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
    tree = _Walk(model, rows, subject, asked).relation(object, relation)
    return Resolution(tree.value is True, tree)


class _Walk:
    """One question being answered. `_path` maps what is being decided right now to the count of `but not` above it."""

    def __init__(self, model: Model, rows: Rows, subject: str, asked: Name) -> None:
        self._model, self._rows, self._subject, self._asked = model, rows, subject, asked
        self._path: dict[tuple[str, str], int] = {}
        self._negations = 0
        self._steps = 0

    def relation(self, object: str, relation: str) -> Node:
        key = (object, relation)
        self._step()
        if self._subject == f"{object}#{relation}":  # a userset is part of itself
            return Node(object, relation, "self", True)
        if (above := self._path.get(key)) is not None:  # INVARIANT: nothing is decided by its own absence
            return Node(object, relation, "cycle", False if above == self._negations else None)
        rewrite = self._model.rewrite(object.partition(":")[0], relation)
        if rewrite is None:  # a row or a parent of a type that lacks the relation gives nothing
            return Node(object, relation, "nothing", False)
        if len(self._path) >= DEPTH_LIMIT:
            raise TooComplex
        self._path[key] = self._negations
        try:
            return self._rewrite(rewrite, object, relation)
        finally:
            del self._path[key]

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
            case Exclusion(base, minus):
                return self._without(object, relation, base, minus)

    def _direct(self, restrictions: tuple[Restriction, ...], object: str, relation: str) -> Node:
        everyone = "" if self._asked.relation else f"{self._asked.type}:*"  # `group:*` says nothing of `group:a#member`
        for row in filter(None, (self._subject, everyone)):
            if self._allows(restrictions, row) and self._rows.holds(object, relation, row):
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

    def _without(self, object: str, relation: str, base: Rewrite, minus: Rewrite) -> Node:
        has = self._rewrite(base, object, relation)
        if has.value is False:
            return Node(object, relation, "but not", False, parts=(has,))
        self._negations += 1
        excluded = self._rewrite(minus, object, relation)
        self._negations -= 1
        value = False if excluded.value is True else None if excluded.value is None else has.value
        return Node(object, relation, "but not", value, parts=(has, excluded))

    def _allows(self, restrictions: tuple[Restriction, ...], row: str) -> bool:
        """Whether the model lets this subject be written here. A restriction with a condition lets nothing: no row
        without its condition may count."""
        subject, _, relation = row.partition("#")
        type, _, id = subject.partition(":")
        wildcard = id == "*"
        return any(
            r.type == type and r.relation == relation and r.wildcard == wildcard and not r.condition
            for r in restrictions
        )

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEP_LIMIT:
            raise TooComplex
