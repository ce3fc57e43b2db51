"""How a refusal leaves a FastAPI app: as a problem document, as the app's own 404, or as a closed handshake."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException
from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from doorward.guard import challenge
from doorward.guard.rules import Refusal

SCHEME = "doorward"
"""The name of the security scheme in the app's OpenAPI document."""

_POLICY_VIOLATION = 1008  # RFC 6455 §7.4.1
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "reason": {"type": "string", "description": "why, as a slug that does not change"},
        "permission": {"type": "string", "description": "what was asked for"},
        "decision": {"type": "string", "description": "`doorward why <decision>` tells the whole story"},
        "hint": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail", "code", "reason"],
}


class Denied(HTTPException):
    """A 400, 401, 403, 429 or 503 of ours. An app may answer it in its own way with an exception handler for it."""

    def __init__(self, refusal: Refusal, headers: dict[str, str], types: str) -> None:
        super().__init__(refusal.status, refusal.description, headers)
        self.refusal, self.types = refusal, types


def exception(connection: HTTPConnection, refusal: Refusal, *, realm: str, types: str) -> Exception:
    """What a dependency raises for this refusal.

    A 404 is FastAPI's own and says nothing more, so that it is the same as for a thing that does not exist.
    """
    if connection.scope["type"] == "websocket":
        return WebSocketException(_POLICY_VIOLATION, refusal.reason)
    if refusal.status == 404:
        return HTTPException(404)
    handlers = connection.scope.get("starlette.exception_handlers")
    if handlers is not None:  # in an app that was not attached; one's own handler stays
        handlers[0].setdefault(Denied, answer)
    return Denied(refusal, challenge.headers(refusal, realm), types)


async def answer(connection: HTTPConnection, denied: Denied) -> Response:
    """The problem document of RFC 9457, with its challenge."""
    body = challenge.body(denied.refusal, denied.types)
    return Response(body, denied.status_code, dict(denied.headers or {}), challenge.PROBLEM_TYPE)


def document(app: FastAPI) -> None:
    """Say the 401 and 403 of every guarded operation in the OpenAPI document, where the app does not itself."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        schema = described()
        operations = [
            operation
            for item in schema.get("paths", {}).values()
            for operation in item.values()
            if isinstance(operation, dict) and any(SCHEME in needed for needed in operation.get("security", ()))
        ]
        for operation in operations:
            responses = operation.setdefault("responses", {})
            responses.setdefault("401", _response("No credential, or one that does not hold"))
            responses.setdefault("403", _response("The caller is known and may not"))
        if operations:
            schema.setdefault("components", {}).setdefault("schemas", {}).setdefault("Problem", _PROBLEM)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending it


def _response(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {challenge.PROBLEM_TYPE: {"schema": schema}}}
