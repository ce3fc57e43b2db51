"""`POST /api/v1/check` as a bare ASGI endpoint, for callers that ask a thousand times a second.

It answers what is ordinary: a credential that was verified before, a caller who may ask, a well-formed question about
a subject given by id. Everything else, each error among it, is handed to the operation of the same address with
the body as it came: one place validates and refuses, and both give the same answer.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from doorward.core.errors import DoorwardError
from doorward.core.principal import Principal
from doorward.domain.decisions.flow import decide
from doorward.features.checks.routes import CHECK_PERMISSION, Check, answer, asked_as
from doorward.ports import World
from doorward.web.arrival.body import again, received

_IDS = ("user:usr_", "service_account:svc_")
_decode = msgspec.json.Decoder(Check).decode
_encode = msgspec.json.Encoder().encode
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)


class Known(Protocol):
    """The caller of a request whose credential was verified before and may do what is named; else None."""

    def __call__(self, scope: Scope, permission: str) -> Principal | None: ...


def check_endpoint(world: World, known: Known, otherwise: ASGIApp) -> ASGIApp:
    """The endpoint. `otherwise` is the application that has the operation."""
    limit = world.settings.max_body

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await otherwise(scope, receive, send)
            return
        message, body = await received(receive, limit)
        reply = _answered(world, known, scope, body)
        if reply is None:
            await otherwise(scope, again(message, receive), send)
            return
        headers = [*_HEADERS, (b"content-length", b"%d" % len(reply))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": reply})

    return endpoint


def _answered(world: World, known: Known, scope: Scope, body: bytes) -> bytes | None:
    if not body or not any(
        name == b"content-type" and value == b"application/json" for name, value in scope["headers"]
    ):
        return None
    try:
        with world.relations.still():  # one state for the caller's right to ask and for the answer
            if known(scope, CHECK_PERMISSION) is None:
                return None
            request = _decode(body)
            if not request.subject.startswith(_IDS):
                return None
            asked = asked_as(request.subject, request.scope)
            decision = decide(world, asked, request.permission, request.object, request.organization)
    except (msgspec.MsgspecError, DoorwardError):
        return None
    return _encode(answer(decision))
