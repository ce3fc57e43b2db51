"""What a model must be, beyond its syntax: names that exist, no duplicates, no relation that nobody can ever hold.

The kinds of problems are OpenFGA's, and so is the order: names first; then what is named must be defined; then
duplicates; then entry points. A later step is skipped while an earlier one has problems, which would only repeat.
"""

from __future__ import annotations

import difflib
import re
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

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
    direct_of,
)
from doorward.core.access.relation import shown

SCHEMAS = ("1.1", "1.2")
TYPE_NAME = re.compile(r"[^:#@*\s]{1,254}")
RELATION_NAME = re.compile(r"[^:#@*\s]{1,50}")
PROBLEM_LIMIT = 200
"""Problems told of one step, at most."""
COMPARED = 200
"""Names looked through for the one that was meant."""
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
        found = found or list(islice(step(types, known), PROBLEM_LIMIT))
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


Relations = set[tuple[str, str]]


def _entry_points(types: Sequence[TypeDefinition], known: Known) -> Iterator[Problem]:
    """Every relation must have a way by which somebody can come to hold it.

    Those that have one are found from the ends: what is written directly first, then what it leads to, until nothing
    is added. So the work grows with the model and a circle ends by itself.
    """
    leads: dict[tuple[str, str], list[tuple[str, str]]] = {}
    queue = deque((definition.name, relation) for definition in types for relation in definition.relations)
    for type, relation in queue:
        for needed in _needed(known, type, known[type].relations[relation]):
            leads.setdefault(needed, []).append((type, relation))
    entered: Relations = set()
    while queue:
        type, relation = queue.popleft()
        if (type, relation) not in entered and _entry(known, type, known[type].relations[relation], entered):
            entered.add((type, relation))
            queue.extend(leads.get((type, relation), ()))
    for definition in types:
        for relation in definition.relations:
            if (definition.name, relation) not in entered:
                message = f"nobody can ever be `{shown(relation)}` of a `{shown(definition.name)}`"
                place = definition.places.get(relation, NOWHERE)
                yield Problem("relation-no-entry-point", message, place, "nothing leads to it but itself")


def _needed(known: Known, type: str, rewrite: Rewrite) -> Iterator[tuple[str, str]]:
    """The relations from which a way may come."""
    for leaf in leaves(rewrite):
        match leaf:
            case Direct(restrictions):
                yield from ((one.type, one.relation) for one in restrictions if one.relation)
            case Computed(relation):
                yield type, relation
            case _:
                yield from ((one.type, leaf.relation) for one in direct_of(known[type].relations[leaf.parent]))


def _entry(known: Known, type: str, rewrite: Rewrite, entered: Relations) -> bool:
    """Whether there is a way in, over relations that have one."""
    match rewrite:
        case Direct(restrictions):
            return any(not one.relation or (one.type, one.relation) in entered for one in restrictions)
        case Union(parts):
            return any(_entry(known, type, part, entered) for part in parts)
        case Intersection(parts):
            return all(_entry(known, type, part, entered) for part in parts)
        case Exclusion(base, minus):
            return _entry(known, type, base, entered) and _entry(known, type, minus, entered)
        case _:
            return any(way in entered for way in _needed(known, type, rewrite))


def nearest(name: str, names: Collection[str]) -> str:
    """A hint with the name that was probably meant, or empty."""
    close = difflib.get_close_matches(name, list(islice(names, COMPARED)), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""
