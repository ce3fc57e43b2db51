"""`POST /oauth2/token` as a bare ASGI endpoint, for clients that fetch tokens for themselves over and over.

It answers what is ordinary: a well-formed request, by an authenticated client, for a grant that changes nothing, and
granted. Everything else, each refusal among it, is handed to the route of the same address with the body as it came:
one place refuses and records, and both decide by the same rules.
"""

from __future__ import annotations

import time

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from doorward.core.errors import DoorwardError
from doorward.core.oauth.request import TokenReply
from doorward.domain.clients.known import KnownClients
from doorward.feature import House
from doorward.features.token_endpoint.routes import PATH, answer, authorization, given, granted
from doorward.ports import World
from doorward.web.arrival.arrival import address_of, header_values
from doorward.web.arrival.body import again, received
from doorward.web.arrival.log import log_request
from doorward.web.forms import decode_form
from doorward.web.headers import across_origins, harden

REPEATABLE = frozenset({"client_credentials"})
"""INVARIANT: grants that neither change nor record anything, so that one refused here can be asked for again."""
_encode = msgspec.json.Encoder().encode


def token_endpoint(world: World, house: House, known: KnownClients, otherwise: ASGIApp) -> ASGIApp:
    """The endpoint. `otherwise` is the application that has the route."""
    limit, fixed = world.settings.max_body, _headers(world)

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST" or header_values(scope, "origin"):  # whose origin it is, the route finds out
            await otherwise(scope, receive, send)
            return
        started = time.monotonic()
        message, body = await received(receive, limit)
        reply = await _granted(world, house, known, scope, body)
        if reply is None:
            await otherwise(scope, again(message, receive), send)
            return
        id, content = world.new_id("req"), _encode(reply.body)
        headers = [*fixed, (b"x-request-id", id.encode()), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})
        log_request(id, method="POST", path=PATH, status=200, started=started, address=address_of(world, scope))

    return endpoint


async def _granted(world: World, house: House, known: KnownClients, scope: Scope, body: bytes) -> TokenReply | None:
    try:
        parameters = given(decode_form(header_values(scope, "content-type"), body))
        if parameters.get("grant_type") not in REPEATABLE:
            return None
        client = known.authenticated(world, parameters, authorization(scope))
        return None if client is None else await granted(world, client, parameters, house)
    except DoorwardError:
        return None


def _headers(world: World) -> list[tuple[bytes, bytes]]:
    """What the route's answers have of headers, whatever is in them."""
    response = answer(TokenReply({}))
    across_origins(response)
    harden(response, world.settings)
    return [(name, value) for name, value in response.raw_headers if name != b"content-length"]
