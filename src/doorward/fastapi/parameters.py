"""From the name of a route's parameter to the id it was called with: the value the handler gets, and its spelling.

The value is converted here by the very field that converts it for the handler, so both see the same; where several
dependencies take a parameter of that name, each of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ForwardRef

from starlette.requests import HTTPConnection

from doorward.core.errors import Misconfigured
from doorward.guard.gate import Identifier


@dataclass(frozen=True, slots=True)
class Source:
    """Where one id comes from. `key` is its name in the request; `field` converts it, None if nothing does."""

    key: str
    in_path: bool
    field: Any = None


def sources(route: Any, name: str, outer: Collection[str] = ()) -> tuple[Source, ...]:
    """Every taker of the parameter `name` on this route. `outer` are parameters of the mounts around it.

    Raises Misconfigured for a name that the route does not have, and for a parameter that could be read in two ways.
    """
    dependants = list(_tree(getattr(route, "dependant", None)))
    own = {*getattr(route, "param_convertors", {}), *outer}
    in_path = [field for dependant in dependants for field in dependant.path_params]
    in_query = [field for dependant in dependants for field in dependant.query_params]
    found = [Source(key, True, field) for key, field in _takers(in_path, name)]
    if not found and name in own:
        found = [Source(name, True)]
    if not found:
        found = [Source(key, False, field) for key, field in _takers(in_query, name)]
    if not found:
        raise _unknown(route, name, sorted({*own, *(field.name for field in (*in_path, *in_query))}))
    for source in found:
        if source.field is not None and (problem := _ambiguity(source.field)):
            raise Misconfigured(
                f"`{name}` of `{_path(route)}` {problem}",
                reason="parameter.ambiguous",
                hint="take it as int, UUID or str, under one name",
            )
    return tuple(found)


def _takers(fields: list[Any], name: str) -> list[tuple[str, Any]]:
    """Every field that reads the same part of the request as the one called `name`, by whatever name."""
    keys = {_key(field) for field in fields if name in (field.name, field.alias, _key(field))}
    return [(_key(field), field) for field in fields if _key(field) in keys]


def _key(field: Any) -> str:
    """The name in the request that FastAPI reads a field from."""
    return str(getattr(field, "validation_alias", None) or field.alias)


def _ambiguity(field: Any) -> str:
    """Why this field's value may be spelled, or sent, in more than one way; empty when it may not."""
    if field.field_info.annotation is Decimal:
        return "is a Decimal, which has several spellings"
    if not isinstance(field.field_info.validation_alias, str | None):
        return "is read from more than one name"
    return ""


def readable(route: Any) -> None:
    """Raise Misconfigured where FastAPI could not read an annotation: what looks like a guard there is none."""
    for dependant in _tree(getattr(route, "dependant", None)):
        for field in (*dependant.query_params, *dependant.body_params):
            if isinstance(field.field_info.annotation, ForwardRef):
                raise Misconfigured(
                    f"the annotation of `{field.name}` on the route `{_path(route)}` can't be read",
                    reason="annotation.unreadable",
                    hint="make the door a module's global, or remove `from __future__ import annotations`",
                )


def identifier(connection: HTTPConnection, route: Any, found: Collection[Source]) -> Identifier | None:
    """The id in this request, or None where it is missing, given twice, or not a value of its type."""
    identifiers = [_one(connection, route, source) for source in found]
    first = identifiers[0]
    if first is None or any(other is None or str(other.value) != str(first.value) for other in identifiers):
        return None
    return first


def _one(connection: HTTPConnection, route: Any, source: Source) -> Identifier | None:
    if source.in_path:
        given = connection.path_params.get(source.key)
        raw = given if isinstance(given, str) else _segment(connection, route, source.key)
    else:
        values = connection.query_params.getlist(source.key)
        given = raw = values[0] if len(values) == 1 else None
    if given is None or raw is None:
        return None
    if source.field is None:
        return Identifier(given, raw)
    value, errors = source.field.validate(given, {}, loc=("path" if source.in_path else "query", source.key))
    return None if errors else Identifier(value, raw)


def _segment(connection: HTTPConnection, route: Any, key: str) -> str | None:
    """The spelling of a parameter that the router itself has converted (`{invoice_id:int}`), already percent-decoded.

    None where the router does not say, as for a converted parameter of a mount: an id in doubt is no id.
    """
    pattern = getattr(route, "path_regex", None)
    match = pattern.fullmatch(_route_path(connection)) if pattern is not None else None  # `$` lets a line break by
    return match.groupdict().get(key) if match else None


def _route_path(connection: HTTPConnection) -> str:
    """The path below the mounts, as the route's own pattern has matched it."""
    path, root = str(connection.scope["path"]), str(connection.scope.get("root_path", ""))
    if root and path.startswith(root) and path[len(root) :][:1] in ("", "/"):
        return path[len(root) :]
    return path


def _tree(dependant: Any) -> Iterator[Any]:
    if dependant is not None:
        yield dependant
        for child in dependant.dependencies:
            yield from _tree(child)


def _unknown(route: Any, name: str, known: list[str]) -> Misconfigured:
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"it has: {', '.join(known) or 'none'}"
    return Misconfigured(
        f"the route `{_path(route)}` has no path or query parameter `{name}`", reason="parameter.unknown", hint=hint
    )


def _path(route: Any) -> str:
    return str(getattr(route, "path_format", None) or getattr(route, "path", "?"))
