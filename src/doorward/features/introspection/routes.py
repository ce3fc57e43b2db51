"""POST /oauth2/introspect."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import InvalidRequest, InvalidToken
from doorward.core.jose.access_token import AccessToken
from doorward.domain.clients.flow import authenticate_client
from doorward.domain.tokens.flow import verify_access_token
from doorward.feature import House
from doorward.features.introspection import rules
from doorward.ports import World
from doorward.web.forms import form_of
from doorward.web.route import Route

PATH = "/oauth2/introspect"


def routes(house: House) -> Sequence[Route]:
    """One endpoint, for servers: no CORS."""
    return [Route("POST", PATH, introspect, errors="oauth")]


async def introspect(world: World, request: Request) -> Response:
    """Tell an authenticated client about a token that concerns it. RFC 7662 §2.

    `token_type_hint` changes nothing: there is one kind of token here. Does NOT know API keys or id tokens: inactive.
    """
    form = await form_of(request)
    authorization = ", ".join(request.headers.getlist("authorization")) or None
    client = await authenticate_client(world, form, authorization)  # rfc7662#2.1.auth
    client = await world.commit(rules.permit(client))
    token = form.get("token")
    if not token:
        raise InvalidRequest("`token` is missing", reason="token.missing")
    body = rules.answer(client, await _alive(world, token))
    headers = {"content-type": "application/json", "cache-control": "no-store", "pragma": "no-cache"}
    return Response(msgspec.json.encode(body), headers=headers)


async def _alive(world: World, token: str) -> AccessToken | None:
    try:
        return await verify_access_token(world, token)
    except InvalidToken:
        return None
