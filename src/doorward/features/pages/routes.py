"""`/`, `/problems/{code}` and `/healthz`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from doorward.core.errors import NotFound
from doorward.core.meta import DATABASE, INITIALISED, META
from doorward.ports import World
from doorward.web.errors import catalogue
from doorward.web.page import page
from doorward.web.route import Route


async def index(world: World, request: Request) -> Response:
    """What this place is."""
    initialised = await world.storage.get(META, INITIALISED)
    return page(world, request, "index.html", open=initialised is None)


async def problem(world: World, request: Request) -> Response:
    """What an error code means."""
    code = str(request.path_params["code"])
    found = catalogue().get(code)
    if found is None:
        raise NotFound("there is no such error code")
    status, meaning = found
    return page(world, request, "problem.html", code=code, meaning=meaning, answer=status)


async def healthz(world: World, request: Request) -> Response:
    """`ok` while the server answers and can read its database. Raises Unavailable otherwise."""
    await world.storage.get(META, DATABASE)
    return PlainTextResponse("ok\n")


ROUTES = (
    Route("GET", "/", index),
    Route("GET", "/problems/{code}", problem),
    Route("GET", "/healthz", healthz, "problem"),
)
