"""POST /oauth2/revoke."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import InvalidRequest
from doorward.domain.clients.flow import authenticate_client
from doorward.domain.tokens.flow import revoke as end
from doorward.feature import House
from doorward.ports import World
from doorward.web.forms import form_of
from doorward.web.route import Route

PATH = "/oauth2/revoke"


def routes(house: House) -> Sequence[Route]:
    """One endpoint, for browser applications too."""
    return [Route("POST", PATH, revoke, errors="oauth", cors=True)]


async def revoke(world: World, request: Request) -> Response:
    """End a token of the client that asks. RFC 7009 §2.

    200 whether it was alive, dead, another client's or no token at all: §2.2. `token_type_hint` changes nothing.
    """
    form = await form_of(request)
    authorization = ", ".join(request.headers.getlist("authorization")) or None
    client = await authenticate_client(world, form, authorization)  # rfc7009#2.1.auth
    token = form.get("token")
    if not token:
        raise InvalidRequest("`token` is missing", reason="token.missing")
    await end(world, token, client)
    return Response(headers={"cache-control": "no-store", "pragma": "no-cache"})
