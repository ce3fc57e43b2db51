"""OpenFGA's JSON of a model: `to_json` makes it, `from_json` reads and checks it.

`{"schema_version": "1.1", "type_definitions": [{"type", "relations": {name: rewrite}, "metadata": {"relations":
{name: {"directly_related_user_types": […]}}}}]}`, where a rewrite is one of `this`, `computedUserset`,
`tupleToUserset`, `union`, `intersection` and `difference`. Both take and give plain dictionaries, not text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias

from doorward.core.access import checks
from doorward.core.access.model import (
    NOWHERE,
    Computed,
    Direct,
    Exclusion,
    FromParent,
    Intersection,
    Model,
    ModelError,
    Problem,
    Restriction,
    Rewrite,
    TypeDefinition,
    Union,
    direct_of,
)
from doorward.core.access.relation import shown

Json: TypeAlias = dict[str, Any]
DEPTH = 50
"""Rewrites inside rewrites, at most."""


def to_json(model: Model) -> Json:
    """The model as OpenFGA's API has it, without an id."""
    if not model.types:
        return {"schema_version": model.schema}
    return {"schema_version": model.schema, "type_definitions": [_type(one) for one in model.types.values()]}


def _type(definition: TypeDefinition) -> Json:
    if not definition.relations:
        return {"type": definition.name, "relations": {}, "metadata": None}
    metadata = {
        name: {"directly_related_user_types": [_restriction(one) for one in direct_of(rewrite)]}
        for name, rewrite in definition.relations.items()
    }
    relations = {name: _rewrite(rewrite) for name, rewrite in definition.relations.items()}
    return {"type": definition.name, "relations": relations, "metadata": {"relations": metadata}}


def _restriction(one: Restriction) -> Json:
    found: Json = {"type": one.type}
    if one.relation:
        found["relation"] = one.relation
    if one.wildcard:
        found["wildcard"] = {}
    return found


def _rewrite(rewrite: Rewrite) -> Json:
    match rewrite:
        case Direct():
            return {"this": {}}
        case Computed(relation):
            return {"computedUserset": {"relation": relation}}
        case FromParent(relation, parent):
            return {"tupleToUserset": {"tupleset": {"relation": parent}, "computedUserset": {"relation": relation}}}
        case Union(parts):
            return {"union": {"child": [_rewrite(part) for part in parts]}}
        case Intersection(parts):
            return {"intersection": {"child": [_rewrite(part) for part in parts]}}
        case _:
            return {"difference": {"base": _rewrite(rewrite.base), "subtract": _rewrite(rewrite.minus)}}


def from_json(document: object) -> Model:
    """The model that a decoded document describes. ModelError naming where in the document it is wrong, or with
    everything that the model's own rules refuse. Unknown members are ignored, as OpenFGA's API does; conditions aren't.
    """
    top = _object(document, "the model")
    if top.get("conditions"):
        _refuse("conditions", "conditions are not supported yet", "unsupported")
    definitions = _list(top.get("type_definitions"), "type_definitions")
    types = [_read_type(one, f"type_definitions[{index}]") for index, one in enumerate(definitions)]
    schema = _text(top.get("schema_version", ""), "schema_version")
    if found := checks.problems(schema, NOWHERE, types):
        raise ModelError(found)
    return Model(schema, {definition.name: definition for definition in types})


def _read_type(value: object, where: str) -> TypeDefinition:
    definition = _object(value, where)
    name = _text(definition.get("type"), f"{where}.type")
    metadata = _object(definition.get("metadata"), f"{where}.metadata", absent=True)
    written = _object(metadata.get("relations"), f"{where}.metadata.relations", absent=True)
    relations: dict[str, Rewrite] = {}
    for relation, rewrite in _object(definition.get("relations"), f"{where}.relations", absent=True).items():
        kinds = _object(written.get(relation), f"{where}.metadata.relations.{shown(relation)}", absent=True)
        place = f"{where}.relations.{shown(relation)}"
        restrictions = _read_restrictions(kinds.get("directly_related_user_types"), place)
        relations[relation] = _read_rewrite(rewrite, restrictions, place, 0)
    return TypeDefinition(name, relations)


def _read_restrictions(value: object, where: str) -> tuple[Restriction, ...]:
    return tuple(_read_restriction(one, where) for one in _list(value, f"{where}: directly_related_user_types"))


def _read_restriction(value: object, where: str) -> Restriction:
    one = _object(value, where)
    if one.get("condition"):
        _refuse(where, "conditions are not supported yet", "unsupported")
    relation = _text(one.get("relation") or "", f"{where}: relation")
    return Restriction(_text(one.get("type"), f"{where}: type"), relation, one.get("wildcard") is not None)


def _read_rewrite(value: object, restrictions: tuple[Restriction, ...], where: str, depth: int) -> Rewrite:
    rewrite = _object(value, where)
    kinds = [kind for kind in _READERS if rewrite.get(kind) is not None]
    if len(kinds) != 1 or depth > DEPTH:
        _refuse(where, f"must be one of {', '.join(_READERS)}, at most {DEPTH} inside one another")
    return _READERS[kinds[0]](_object(rewrite[kinds[0]], f"{where}.{kinds[0]}"), restrictions, where, depth + 1)


def _computed(value: Json, _: tuple[Restriction, ...], where: str, __: int) -> Rewrite:
    return Computed(_text(value.get("relation"), f"{where}.computedUserset.relation"))


def _from_parent(value: Json, _: tuple[Restriction, ...], where: str, __: int) -> Rewrite:
    parent = _object(value.get("tupleset"), f"{where}.tupleset")
    relation = _object(value.get("computedUserset"), f"{where}.computedUserset")
    return FromParent(
        _text(relation.get("relation"), f"{where}.computedUserset.relation"),
        _text(parent.get("relation"), f"{where}.tupleset.relation"),
    )


def _children(value: Json, restrictions: tuple[Restriction, ...], where: str, depth: int) -> tuple[Rewrite, ...]:
    children = _list(value.get("child"), f"{where}.child")
    if not children:
        _refuse(where, "needs a `child`")
    return tuple(_read_rewrite(one, restrictions, f"{where}.child", depth) for one in children)


def _difference(value: Json, restrictions: tuple[Restriction, ...], where: str, depth: int) -> Rewrite:
    base = _read_rewrite(value.get("base"), restrictions, f"{where}.base", depth)
    return Exclusion(base, _read_rewrite(value.get("subtract"), restrictions, f"{where}.subtract", depth))


_READERS = {
    "this": lambda _, restrictions, __, ___: Direct(restrictions),
    "computedUserset": _computed,
    "tupleToUserset": _from_parent,
    "union": lambda *given: Union(_children(*given)),
    "intersection": lambda *given: Intersection(_children(*given)),
    "difference": _difference,
}


def _object(value: object, where: str, *, absent: bool = False) -> Json:
    if value is None and absent:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        _refuse(where, "must be an object")
    return dict(value)


def _list(value: object, where: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        _refuse(where, "must be a list")
    return value or []


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        _refuse(where, "must be a text")
    return value


def _refuse(where: str, message: str, kind: str = "malformed") -> NoReturn:
    raise ModelError([Problem(kind, f"{where}: {message}")])
