"""Routes that the tests of `web` are made of."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from doorward.ports import World
from doorward.web.cookies import session_secret
from doorward.web.forms import form_of


async def hello(world: World, request: Request) -> Response:
    return PlainTextResponse("hello")


async def whoami(world: World, request: Request) -> Response:
    """The session secret that a handler sees."""
    return PlainTextResponse(session_secret(request) or "nobody")


async def echo(world: World, request: Request) -> Response:
    """The form that a handler sees."""
    return PlainTextResponse(repr(dict(await form_of(request))))
