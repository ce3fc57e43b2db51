"""The real web layer over some features, called in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from starlette.requests import Request

from doorward.core.errors import Unauthenticated
from doorward.core.principal import Principal
from doorward.feature import Feature, collect
from doorward.ports import World
from doorward.web.application import application


async def nobody(world: World, request: Request, permission: str | None) -> Principal:
    raise Unauthenticated("nobody calls operations here")


async def registered(world: World, origin: str) -> bool:
    return origin == "https://app.example"


@asynccontextmanager
async def serving(world: World, features: Sequence[Feature]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application of these features at the world's public URL."""
    house = collect(features)
    app = application(world, house.routes(), house.operations, authorize=nobody, origins=registered)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=world.settings.public_url) as client:
        yield client
