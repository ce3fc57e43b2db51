"""GET the metadata, under both well-known names, and the JWK Set.

Where the issuer has a path, the web layer finds these with the path in front and behind: RFC 8414 §3.1 and §5.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from doorward.domain.signing_keys.flow import public_keys
from doorward.domain.signing_keys.rules import jwks
from doorward.feature import House
from doorward.features.discovery import rules
from doorward.ports import World
from doorward.web.route import Route

JWKS = "/oauth2/jwks"
OPENID, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"

MAX_AGE = 300
"""Seconds for which a cache may keep a document. A verifier that meets an unknown `kid` asks again at once."""


def routes(house: House) -> Sequence[Route]:
    """The metadata is what the features of this house say of themselves, and nothing else. RFC 8414 §2."""

    async def metadata(world: World, request: Request) -> Response:
        return _document(request, house.metadata(world.settings))

    return [
        Route("GET", OPENID, metadata, errors="problem", cors=True),
        Route("GET", OAUTH, metadata, errors="problem", cors=True),
        Route("GET", JWKS, keys, errors="problem", cors=True),
    ]


async def keys(world: World, request: Request) -> Response:
    """Every key that verifies, retired ones too. RFC 7517 §5. Does NOT need the server key."""
    return _document(request, jwks(await public_keys(world)))


def _document(request: Request, content: object) -> Response:
    body = msgspec.json.encode(content)
    tag = rules.entity_tag(body)
    headers = {"content-type": "application/json", "cache-control": f"public, max-age={MAX_AGE}", "etag": tag}
    if rules.unchanged(tag, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers)
