"""`/openapi.json` and `/docs`: the API's description, for programs and for people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.settings import Settings
from doorward.ports import World
from doorward.web.api.openapi import document, fields_of, plain
from doorward.web.page import page
from doorward.web.route import Operation, Route


def routes(routes: Sequence[Route], operations: Sequence[Operation[Any, Any]]) -> tuple[Route, ...]:
    """The two routes that describe these."""

    @cache  # written once: it takes the time of a hundred answers, and anybody may ask for it
    def written(settings: Settings) -> bytes:
        return msgspec.json.encode(document(settings, routes, operations))

    @cache
    def listed() -> list[dict[str, object]]:
        return [_listed(operation) for operation in operations]

    async def openapi(world: World, request: Request) -> Response:
        """This API's description, OpenAPI 3.1."""
        return Response(written(world.settings), headers={"content-type": "application/json"})

    async def docs(world: World, request: Request) -> Response:
        endpoints = [route for route in routes if route.errors != "page"]
        return page(world, request, "docs.html", operations=listed(), endpoints=endpoints)

    return (Route("GET", "/openapi.json", openapi, "problem"), Route("GET", "/docs", docs))


def _listed(operation: Operation[Any, Any]) -> dict[str, object]:
    in_path, others = fields_of(operation)
    return {
        "id": operation.name,
        "method": operation.method,
        "path": plain(operation.path),
        "summary": operation.summary,
        "permission": operation.permission,
        "command": f"doorward {operation.command}" if operation.command else "",
        "in_path": sorted(in_path),
        "fields": [(field.encode_name, field.required) for field in others],
    }
