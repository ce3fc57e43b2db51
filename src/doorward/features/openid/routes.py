"""GET and POST /oauth2/userinfo, for the bearer of an access token. OIDC Core §5.3.1, RFC 6750 §2.1."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import Unauthenticated
from doorward.feature import House
from doorward.features.openid.flow import userinfo
from doorward.ports import World
from doorward.web.route import Route

PATH = "/oauth2/userinfo"


def routes(house: House) -> Sequence[Route]:
    """The endpoint, by both methods."""
    return [
        Route("GET", PATH, show, errors="oauth", cors=True),
        Route("POST", PATH, show, errors="oauth", cors=True),
    ]


async def show(world: World, request: Request) -> Response:
    """The claims as JSON, never cached. The token comes in the Authorization header and nowhere else."""
    claims = await userinfo(world, bearer(request.headers.getlist("authorization")))
    return Response(
        msgspec.json.encode(claims), headers={"content-type": "application/json", "cache-control": "no-store"}
    )


def bearer(headers: Sequence[str]) -> str:
    """The token of the one Authorization header. Raises Unauthenticated when there is none, or more than one."""
    scheme, _, token = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "no access token was sent", reason="credential.missing", hint="send `Authorization: Bearer TOKEN`"
        )
    return token.strip()
