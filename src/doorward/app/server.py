"""The server: what its database must hold, the ASGI application of all features, and their jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from doorward.app.authorize import authorizer, guard, known_caller
from doorward.app.world import close, house, open_world
from doorward.core.access.relation import RESERVED
from doorward.core.errors import DoorwardError
from doorward.core.settings import Settings
from doorward.domain.audit.flow import tell_left_out
from doorward.domain.clients.known import KnownClients
from doorward.domain.clients.origins import RegisteredOrigins
from doorward.domain.roles import flow as roles
from doorward.domain.roles.access_file import read_access_file
from doorward.domain.roles.reads import resource_servers
from doorward.domain.signing_keys import flow as signing_keys
from doorward.engine import RelationIndex
from doorward.feature import House, Job
from doorward.features.checks.hot import check_endpoint
from doorward.features.checks.routes import CHECK_PATH
from doorward.features.token_endpoint.hot import token_endpoint
from doorward.features.token_endpoint.routes import PATH as TOKEN_PATH
from doorward.guard.gate import Guard
from doorward.ports import Clock, World
from doorward.web.application import application
from doorward.web.arrival.log import logger

API = "/api"
"""Under the public URL: the audience of tokens for the administration API."""


async def prepare(world: World, joined: House) -> None:
    """What a server's database must hold before the first request: signing keys, doorward's own API,
    and what access.toml says."""
    await signing_keys.ensure(world)
    await declare_own(world, joined)
    if world.settings.access:
        await roles.apply(world, read_access_file(Path(world.settings.access)))


async def declare_own(world: World, joined: House) -> None:
    """Declare doorward's own API with the permissions of every feature; tokens may be asked for it."""
    mine = world.settings.public_url + API
    for server in await resource_servers(world):
        if server.identifier != mine and any(name.startswith(RESERVED) for name in server.permissions):
            await roles.undeclare(world, server.identifier)  # the public URL has changed
    await roles.declare(world, mine, "doorward", sorted(joined.permissions))


@dataclass(frozen=True)
class Application:
    """A server, put together: `asgi` answers requests while `lifespan` is entered."""

    world: World
    house: House
    asgi: ASGIApp
    guard: Guard

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[Application]:
        """Runs the jobs of all features, and closes the world at the end."""
        jobs = [asyncio.create_task(_repeated(self.world, job), name=job.name) for job in self.house.jobs]
        try:
            yield self
        finally:
            for task in jobs:
                task.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await _told(self.world)
            await close(self.world)


async def build(settings: Settings, *, clock: Clock | None = None) -> Application:
    """Everything that answers requests, on a database brought up to date. Raises Misconfigured, Unavailable."""
    world = await open_world(settings, clock=clock)
    try:
        return await assemble(world)
    except BaseException:
        await close(world)
        raise


async def assemble(world: World) -> Application:
    """The same on a World that is open already."""
    joined = house()
    await prepare(world, joined)
    door = guard(world, audience=world.settings.public_url + API, explain=True)
    origins = RegisteredOrigins()
    assert isinstance(world.relations, RelationIndex)
    world.relations.follow(origins)
    whole = application(world, joined.routes(), joined.operations, authorize=authorizer(door), origins=origins)
    clients = KnownClients()
    world.relations.follow(clients)
    asgi = copy(whole)  # the same, with hot endpoints before it; what those do not answer goes to the whole
    asgi.hot = {
        CHECK_PATH: check_endpoint(world, known_caller(door, world), whole),
        TOKEN_PATH: token_endpoint(world, joined, clients, whole),
    }
    return Application(world, joined, asgi, door)


async def _told(world: World) -> None:
    """What this process counted and did not record, as far as the database still takes it."""
    try:
        await tell_left_out(world, closing=True)
    except DoorwardError:
        logger.exception("left_out_lost")


async def _repeated(world: World, job: Job) -> None:
    """A job, again and again. One that fails is in the log, and is tried again when its time comes."""
    while True:
        await asyncio.sleep(job.every)
        try:
            await job.run(world)
        except Exception:
            logger.exception("job_failed", job=job.name)
