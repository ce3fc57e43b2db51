"""An authorization model: types, their relations, and how each relation is derived.

A model is made by `dsl.parse` or `json_form.from_json`, which check it first, and never changes. Every part remembers
its place in the text it was read from, for errors; places don't count when two models are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from doorward.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a text: line and columns from 0, `end` behind its last character."""

    line: int = -1
    column: int = -1
    end: int = -1

    @property
    def known(self) -> bool:
        """Whether the model was read from a text (and not from JSON)."""
        return self.line >= 0


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Restriction:
    """One kind of subject that may be written: `user`, `user:*` (wildcard), `group#member` (relation).

    `condition` names the condition its rows must carry. `type_place` covers the type's name alone.
    """

    type: str
    relation: str = ""
    wildcard: bool = False
    condition: str = ""
    place: Place = field(default=NOWHERE, compare=False, repr=False)
    type_place: Place = field(default=NOWHERE, compare=False, repr=False)

    def __str__(self) -> str:
        kind = f"{self.type}:*" if self.wildcard else f"{self.type}#{self.relation}" if self.relation else self.type
        return f"{kind} with {self.condition}" if self.condition else kind


@dataclass(frozen=True, slots=True)
class Direct:
    """Subjects that are written on the relation itself: `[user, group#member]`."""

    restrictions: tuple[Restriction, ...]
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Computed:
    """Whoever has another relation of the same object: `editor`."""

    relation: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FromParent:
    """Whoever has `relation` on an object that this one is related to by `parent`: `viewer from folder`."""

    relation: str
    parent: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)
    parent_place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Union:
    """Any of the parts: `a or b`."""

    parts: tuple[Rewrite, ...]


@dataclass(frozen=True, slots=True)
class Intersection:
    """All of the parts: `a and b`."""

    parts: tuple[Rewrite, ...]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The one without the other: `a but not b`."""

    base: Rewrite
    minus: Rewrite


Rewrite: TypeAlias = Direct | Computed | FromParent | Union | Intersection | Exclusion


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """A type and its relations, in the order they were written."""

    name: str
    relations: Mapping[str, Rewrite] = field(default_factory=dict)
    place: Place = field(default=NOWHERE, compare=False, repr=False)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Model:
    """A checked model. `schema` is `1.1` or `1.2`."""

    schema: str = "1.1"
    types: Mapping[str, TypeDefinition] = field(default_factory=dict)

    def rewrite(self, type: str, relation: str) -> Rewrite | None:
        """How a relation of a type is derived, or None when the model has no such relation."""
        definition = self.types.get(type)
        return None if definition is None else definition.relations.get(relation)

    def restrictions(self, type: str, relation: str) -> tuple[Restriction, ...]:
        """What may be written on a relation: empty when it is only derived, or unknown."""
        rewrite = self.rewrite(type, relation)
        return () if rewrite is None else direct_of(rewrite)


def direct_of(rewrite: Rewrite) -> tuple[Restriction, ...]:
    """The type restrictions inside a rewrite, wherever they stand."""
    match rewrite:
        case Direct(restrictions):
            return restrictions
        case Union(parts) | Intersection(parts):
            return tuple(r for part in parts for r in direct_of(part))
        case Exclusion(base, minus):
            return direct_of(base) + direct_of(minus)
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a model. `kind` is a slug; OpenFGA's own (`missing-definition`) where it has one."""

    kind: str
    message: str
    place: Place = NOWHERE
    hint: str = ""

    def __str__(self) -> str:
        where = f"line {self.place.line + 1}, column {self.place.column + 1}: " if self.place.known else ""
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class ModelError(Invalid):
    """A text or document that is not a model: everything found wrong with it, in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        where = f"line {first.place.line + 1}, column {first.place.column + 1}: " if first.place.known else ""
        super().__init__(f"{where}{first.message}{more}", reason="model.invalid", hint=first.hint)
