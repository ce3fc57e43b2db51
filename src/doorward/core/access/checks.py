"""What a model must be, beyond its syntax: names that exist, no duplicates, no relation that nobody can ever hold.

The kinds of problems are OpenFGA's, and so is the order: names first; then what is named must be defined; then
duplicates; then entry points. A later step is skipped while an earlier one has problems, which would only repeat.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence

from doorward.core.access.model import (
    NOWHERE,
    Computed,
    Direct,
    Exclusion,
    FromParent,
    Intersection,
    Place,
    Problem,
    Restriction,
    Rewrite,
    TypeDefinition,
    Union,
)
from doorward.core.access.relation import shown

SCHEMAS = ("1.1", "1.2")
TYPE_NAME = re.compile(r"[^:#@*\s]{1,254}")
RELATION_NAME = re.compile(r"[^:#@*\s]{1,50}")
RESERVED_NAMES = ("self", "this")


def problems(schema: str, schema_place: Place, types: Sequence[TypeDefinition]) -> list[Problem]:
    """Everything wrong with these types; empty when they make a model. A type may stand here twice."""
    found = list(_names(types))
    if not schema:
        return [*found, Problem("schema-version-required", "a schema version is missing", schema_place)]
    if schema not in SCHEMAS:
        wrong = f"schema `{shown(schema)}` is not known"
        return [*found, Problem("invalid-schema", wrong, schema_place, "write `schema 1.1`")]
    known = {definition.name: definition for definition in types}
    for step in (_definitions, _duplicates, _entry_points):
        found = found or list(step(types, known))
    return found


Known = dict[str, TypeDefinition]


def _names(types: Sequence[TypeDefinition]) -> Iterator[Problem]:
    for definition in types:
        yield from _name("type", definition.name, definition.place, TYPE_NAME)
        for relation in definition.relations:
            yield from _name("relation", relation, definition.places.get(relation, NOWHERE), RELATION_NAME)


def _name(what: str, name: str, place: Place, rule: re.Pattern[str]) -> Iterator[Problem]:
    if name in RESERVED_NAMES:
        yield Problem(f"reserved-{what}-keywords", f"a {what} can't be named `{name}`", place)
    elif not rule.fullmatch(name):
        longest = rule.pattern.rpartition(",")[2].rstrip("}")
        hint = f"1 to {longest} characters, no `:`, `#`, `@`, `*` or space"
        yield Problem("invalid-name", f"`{shown(name)}` can't be the name of a {what}", place, hint)


def leaves(rewrite: Rewrite) -> Iterator[Direct | Computed | FromParent]:
    """The operands of a rewrite, in the order they are written."""
    match rewrite:
        case Union(parts) | Intersection(parts):
            for part in parts:
                yield from leaves(part)
        case Exclusion(base, minus):
            yield from leaves(base)
            yield from leaves(minus)
        case leaf:
            yield leaf


def _definitions(types: Sequence[TypeDefinition], known: Known) -> Iterator[Problem]:
    """Every type and relation that is named must be defined."""
    for definition in types:
        for rewrite in definition.relations.values():
            for leaf in leaves(rewrite):
                match leaf:
                    case Direct():
                        yield from _restrictions(leaf, known)
                    case Computed(relation, place):
                        if relation not in definition.relations:
                            yield _missing(relation, place, definition.relations)
                    case _:
                        yield from _from_parent(leaf, definition, known)


def _missing(relation: str, place: Place, relations: Collection[str]) -> Problem:
    message = f"the relation `{shown(relation)}` does not exist"
    return Problem("missing-definition", message, place, nearest(relation, relations))


def _restrictions(direct: Direct, known: Known) -> Iterator[Problem]:
    if not direct.restrictions:
        yield Problem("assignable-relation-must-have-type", "an assignable relation must name types", direct.place)
    for one in direct.restrictions:
        if one.type not in known:
            message = f"`{shown(one.type)}` is not a type of this model"
            yield Problem("invalid-type", message, one.type_place, nearest(one.type, known))
        if one.wildcard and one.relation:
            message = f"`{shown(str(one))}` can't have both a wildcard and a relation"
            yield Problem("type-wildcard-relation", message, one.place)
        elif one.relation and (one.type not in known or one.relation not in known[one.type].relations):
            yield _no_relation(one.relation, one.type, one.place, known)


def _no_relation(relation: str, type: str, place: Place, known: Known) -> Problem:
    message = f"`{shown(relation)}` is not a relation of `{shown(type)}`"
    relations = known[type].relations if type in known else ()
    return Problem("invalid-relation-type", message, place, nearest(relation, relations))


def _from_parent(leaf: FromParent, definition: TypeDefinition, known: Known) -> Iterator[Problem]:
    parent = definition.relations.get(leaf.parent)
    if parent is None:
        yield _no_relation(leaf.parent, definition.name, leaf.place, known)
    elif not isinstance(parent, Direct):
        yield _not_direct(leaf)
    else:
        lacking: list[Restriction] = []
        for one in parent.restrictions:
            if one.wildcard or one.relation:
                yield _not_direct(leaf)
            elif one.type not in known or leaf.relation not in known[one.type].relations:
                lacking.append(one)
        if len(lacking) == len(parent.restrictions):  # one parent type that has it is enough
            for one in lacking:
                message = f"`{shown(leaf.relation)}` is not a relation of `{shown(one.type)}`"
                hint = f"define it on `{shown(one.type)}`, where `{shown(leaf.parent)}` leads"
                yield Problem("invalid-relation-on-tupleset", message, leaf.place, hint)


def _not_direct(leaf: FromParent) -> Problem:
    message = f"`{shown(leaf.parent)}` behind `from` must be written directly, on objects"
    hint = f"`define {leaf.parent}: [folder]` with plain types only"
    return Problem("tupleuserset-not-direct", message, leaf.parent_place, hint)


def _duplicates(types: Sequence[TypeDefinition], known: Known) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for definition in types:
        if definition.name in seen:
            message = f"the type `{shown(definition.name)}` is defined twice"
            yield Problem("duplicated-error", message, seen[definition.name])
        seen.setdefault(definition.name, definition.place)
        for relation, rewrite in definition.relations.items():
            for leaf in leaves(rewrite):
                if isinstance(leaf, Direct):
                    yield from _repeated([(str(one), one.place) for one in leaf.restrictions], relation)
            yield from _repeated([(name, place) for name, place in _operands(rewrite) if name], relation)


def _repeated(named: Sequence[tuple[str, Place]], relation: str) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for name, place in named:
        if name in first:
            message = f"`{shown(name)}` is there twice in `{shown(relation)}`"
            yield Problem("duplicated-error", message, first[name])
        first.setdefault(name, place)


def _operands(rewrite: Rewrite) -> list[tuple[str, Place]]:
    """The operands of the outermost operator by name, those without a name as empty."""
    match rewrite:
        case Union(parts) | Intersection(parts):
            return [_operand(part) for part in parts]
        case Exclusion(base, minus):
            return [_operand(base), _operand(minus)]
        case _:
            return []


def _operand(rewrite: Rewrite) -> tuple[str, Place]:
    match rewrite:
        case Computed(relation, place):
            return relation, place
        case FromParent(relation, parent, place):
            return f"{relation} from {parent}", place
        case _:
            return "", NOWHERE


def _entry_points(types: Sequence[TypeDefinition], known: Known) -> Iterator[Problem]:
    """Every relation must have a way by which somebody can come to hold it."""
    for definition in types:
        for relation, rewrite in definition.relations.items():
            entry, loop = _entry(known, definition.name, relation, rewrite, frozenset())
            if not entry:
                why = "it only leads to itself" if loop else "nothing leads to it"
                message = f"nobody can ever be `{shown(relation)}` of a `{shown(definition.name)}`: {why}"
                yield Problem("relation-no-entry-point", message, definition.places.get(relation, NOWHERE))


Visited = frozenset[tuple[str, str]]


def _entry(known: Known, type: str, relation: str, rewrite: Rewrite, visited: Visited) -> tuple[bool, bool]:
    """Whether there is a way in, and whether a loop is why there is none."""
    here = visited | {(type, relation)}
    match rewrite:
        case Direct(restrictions):
            return any(_restriction_entry(known, one, here) for one in restrictions), False
        case Computed(other):
            loop = (type, other) in here
            return (False, True) if loop else _entry(known, type, other, known[type].relations[other], here)
        case FromParent(other, parent):
            ways = _restrictions_of(known[type].relations[parent])
            return any(_relation_entry(known, one.type, other, here) for one in ways), False
        case Union(parts):
            tried = [_entry(known, type, relation, part, here) for part in parts]
            entry = any(way for way, _ in tried)
            return entry, not entry and any(loop for _, loop in tried)
        case _:
            parts = rewrite.parts if isinstance(rewrite, Intersection) else (rewrite.base, rewrite.minus)
            return _all_entries(known, type, relation, parts, here)


def _all_entries(
    known: Known, type: str, relation: str, parts: Sequence[Rewrite], visited: Visited
) -> tuple[bool, bool]:
    for part in parts:
        entry, loop = _entry(known, type, relation, part, visited)
        if not entry:
            return False, loop
    return True, False


def _restriction_entry(known: Known, one: Restriction, visited: Visited) -> bool:
    return not one.relation or _relation_entry(known, one.type, one.relation, visited)


def _relation_entry(known: Known, type: str, relation: str, visited: Visited) -> bool:
    rewrite = known[type].relations.get(relation)
    if rewrite is None or (type, relation) in visited:
        return False
    return _entry(known, type, relation, rewrite, visited)[0]


def _restrictions_of(rewrite: Rewrite) -> tuple[Restriction, ...]:
    return rewrite.restrictions if isinstance(rewrite, Direct) else ()


def nearest(name: str, names: Collection[str]) -> str:
    """A hint with the name that was probably meant, or empty."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
