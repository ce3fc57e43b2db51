"""The API's description: OpenAPI 3.1, written from the Operations and Routes themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from doorward.core.settings import Settings
from doorward.web.links import url
from doorward.web.route import Operation, Route

_REF = "#/components/schemas/"
_CONVERTOR = re.compile(r"\{(\w+):\w+\}")
_PROBLEM = {
    "type": "object",
    "properties": {
        name: {"type": "string"}
        for name in ("type", "title", "detail", "code", "reason", "hint", "decision", "request")
    }
    | {"status": {"type": "integer"}},
}
_REFUSALS = {
    "4XX": {"description": "refused", "content": {"application/problem+json": {"schema": {"$ref": _REF + "Problem"}}}}
}


def document(settings: Settings, routes: Sequence[Route], operations: Sequence[Operation[Any, Any]]) -> dict[str, Any]:
    """The whole description. Its only server is the public URL."""
    types = [kind for one in operations for kind in (one.request, one.reply) if kind is not type(None)]
    _, components = msgspec.json.schema_components(types, ref_template=_REF + "{name}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(plain(operation.path), {})[operation.method.lower()] = _operation(operation, components)
    for route in routes:
        if route.errors != "page":
            paths.setdefault(plain(route.path), {}).setdefault(route.method.lower(), _route(route))
    return {
        "openapi": "3.1.0",
        "info": {"title": settings.name, "version": "1"},
        "servers": [{"url": url(settings, "")}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "an access token or an API key"}
            },
        },
    }


def plain(path: str) -> str:
    """A path without convertors: `/a/{id:path}` is `/a/{id}`."""
    return _CONVERTOR.sub(r"{\1}", path)


def fields_of(operation: Operation[Any, Any]) -> tuple[set[str], list[msgspec.structs.FieldInfo]]:
    """The names that the path gives, and the other fields of the request."""
    in_path = set(re.findall(r"\{(\w+)", operation.path))
    return in_path, [f for f in msgspec.structs.fields(operation.request) if f.encode_name not in in_path]


def _operation(operation: Operation[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    in_path, others = fields_of(operation)
    schema = components[operation.request.__name__]
    properties, required = schema.get("properties", {}), schema.get("required", [])
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "security": [{"bearer": []}],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": properties.get(name, {"type": "string"})}
            for name in sorted(in_path)
        ],
        "responses": {str(_status(operation)): _answer(operation), **_REFUSALS},
    }
    if operation.permission:
        said["x-permission"] = operation.permission
    names = [field.encode_name for field in others]
    if operation.method in ("POST", "PUT", "PATCH") and names:
        body = {
            "type": "object",
            "properties": {name: properties[name] for name in names},
            "additionalProperties": False,
        }
        body["required"] = [name for name in names if name in required]
        said["requestBody"] = {"required": bool(body["required"]), "content": {"application/json": {"schema": body}}}
    else:
        said["parameters"] += [
            {"name": name, "in": "query", "required": name in required, "schema": properties[name]} for name in names
        ]
    return said


def _status(operation: Operation[Any, Any]) -> int:
    return 204 if operation.reply is type(None) else operation.status


def _answer(operation: Operation[Any, Any]) -> dict[str, Any]:
    if operation.reply is type(None):
        return {"description": "done"}
    (schema,), _ = msgspec.json.schema_components([operation.reply], ref_template=_REF + "{name}")
    return {"description": operation.summary, "content": {"application/json": {"schema": schema}}}


def _route(route: Route) -> dict[str, Any]:
    doc = " ".join((route.handler.__doc__ or "").split("\n\n")[0].split())
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)", route.path)
    ]
    return {"summary": doc, "parameters": parameters, "responses": {"default": {"description": "see the standard"}}}
