"""POST /oauth2/token: the form, the client, the grant, the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from doorward.core.errors import Invalid, InvalidRequest, InvalidTarget, OAuthError
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import TokenReply, TokenRequest
from doorward.domain.clients.flow import authenticate_client
from doorward.feature import Grant, House
from doorward.features.token_endpoint import rules
from doorward.ports import World
from doorward.web.arrival.arrival import header_values
from doorward.web.forms import form_of
from doorward.web.route import Route

PATH = "/oauth2/token"


def routes(house: House) -> Sequence[Route]:
    """The endpoint, with every feature's grants."""

    async def handle(world: World, request: Request) -> Response:
        return answer(await token(world, request, house))

    return [Route("POST", PATH, handle, errors="oauth", cors=True)]


async def token(world: World, request: Request, house: House) -> TokenReply:
    """What the grant replies. Each refusal leaves one audit event. RFC 6749 §3.2, §5.2."""
    client: Client | None = None
    try:
        parameters = await _parameters(request)
        client = await authenticate_client(world, parameters, authorization(request.scope))
        world = world.on_behalf_of(replace(world.caller, actor=f"client:{client.client_id}"))
        return await granted(world, client, parameters, house)
    except OAuthError as error:
        if not error.recorded:
            await world.commit(rules.refused(client, error))
        raise


async def granted(world: World, client: Client, parameters: Mapping[str, str], house: House) -> TokenReply:
    """What the grant that an authenticated client names replies, if the client may use it. RFC 6749 §5.2."""
    name = rules.grant_type(parameters, house.grants)
    rules.permit(client, name)
    grant: Grant = house.grants[name]
    return await grant(world, TokenRequest(client, parameters, house.steps))


async def _parameters(request: Request) -> dict[str, str]:
    try:
        return given(await form_of(request))
    except Invalid as error:
        if "`resource`" in error.description:
            raise InvalidTarget("one `resource` at a time", reason="resource.repeated") from None
        raise InvalidRequest(error.description, reason=error.reason, hint=error.hint) from None


def given(form: Mapping[str, str]) -> dict[str, str]:
    """The form's parameters; one without a value counts as omitted. RFC 6749 §3.2."""
    return {name: value for name, value in form.items() if value}


def authorization(scope: Scope) -> str | None:
    """The Authorization header as it came. Sent twice it is none that can hold, so both are shown."""
    values = header_values(scope, "authorization")
    return ", ".join(values) if values else None


def answer(reply: TokenReply) -> Response:
    """RFC 6749 §5.1: JSON that nobody keeps."""
    return Response(
        msgspec.json.encode(reply.body),
        headers={"content-type": "application/json", "cache-control": "no-store", "pragma": "no-cache"},  # rfc6749#5.1
    )
