"""The door of one FastAPI app: opened with the app, or at the first request where no lifespan runs.

Nothing here decides: a Guard does, made by `doorward.app` on the database that the door names.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Security
from starlette.requests import HTTPConnection

from doorward.core.audit import Caller
from doorward.core.decision import Decision
from doorward.core.errors import Misconfigured
from doorward.core.principal import Principal
from doorward.core.settings import Settings
from doorward.fastapi import answers, mounting
from doorward.fastapi.denials import Denials
from doorward.fastapi.entrance import KEY, Entrance, route_of
from doorward.fastapi.opening import Object, Opened, apart, in_development, needed, object_of, opened, place_of
from doorward.fastapi.parameters import readable, sources
from doorward.fastapi.routes import ways
from doorward.guard import rules
from doorward.guard.gate import Guard
from doorward.guard.pending import Pending

if TYPE_CHECKING:
    from doorward.app import Application
    from doorward.ports import World

_acting: ContextVar[tuple[HTTPConnection, Principal] | None] = ContextVar("doorward_acting", default=None)


class Doorward:
    """Guards the routes of an app, in its own process, on doorward's database.

    `url` is `sqlite:///path`. `resource` is this API's identifier, which tokens must be meant for. `access` is the
    path of `access.toml`, applied at start. `public_url` is where doorward's own pages are: the issuer of tokens.
    `secret_key` is needed by `mount` alone. What is not given is taken from `DOORWARD_…`. `explain` tells a refused
    caller what would allow the call: for development, since it names roles and organizations.

    The constructor does no I/O.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        resource: str | None = None,
        access: str | PathLike[str] | None = None,
        public_url: str | None = None,
        secret_key: str | None = None,
        explain: bool = False,
    ) -> None:
        if url is not None and url.startswith(("http://", "https://")):
            raise Misconfigured(
                "a remote doorward cannot be guarded with yet",
                reason="database.unknown",
                hint="give the database: sqlite:///app.db",
            )
        self._options = {
            "database_url": url,
            "resource": resource,
            "access": None if access is None else fspath(access),
            "public_url": public_url,
            "secret_key": secret_key,
        }
        self._explain = explain
        self._path: str | None = None
        self._opened: Opened | None = None
        self._opening = threading.Lock()
        self._checked: dict[int, Any] = {}
        self._attached: dict[int, FastAPI] = {}
        self._denials = Denials()

    # Guarding routes

    def signed_in(self) -> Any:
        """A dependency that lets in whoever is known, and gives the Principal.

        Does NOT ask for any permission: a token of any scope will do.
        """
        return Security(Entrance(self, rules.require(None)))

    def require(self, permission: str, *, id: str | None = None, org: str | None = None, hide: bool = False) -> Any:
        """A dependency that lets in whoever may do this, and gives the Principal.

        `id` names the parameter with the object's id, of the permission's type; `org` the one with the organization's.
        With both, the object must belong to that organization, else 404. `hide` answers 404 instead of 403. Raises
        Misconfigured, here for a malformed name, at start for a parameter that the route does not have.
        """
        return Security(Entrance(self, rules.require(permission, id=id, org=org, hide=hide)), scopes=[permission])

    def principal(self, connection: HTTPConnection) -> Principal | None:
        """Whom this door let in with this request; None where none of its guards stands. Does NOT look itself."""
        known: dict[int, Principal] = connection.scope.get(KEY, {})
        return known.get(id(self))

    # Asking and writing

    def check(self, who: Principal, permission: str, on: Object | None = None, *, org: str | None = None) -> Decision:
        """Whether they may: a Decision, true or false, with its reason. In plain code, in any thread.

        Does NOT raise on a deny. Does NOT ask whether the credential still holds: a guard did.
        """
        return self._now().guard.decide(who, permission, object_of(on), org)

    def acheck(self, who: Principal, permission: str, on: Object | None = None, *, org: str | None = None) -> Pending:
        """The same, to be awaited. Tested for truth without `await`, it raises ForgottenAwait."""

        async def ask() -> Decision:
            return (await self.open()).guard.decide(who, permission, object_of(on), org)

        return Pending(ask)

    async def assign(
        self, who: Principal | str, role: str, *, on: Object | None = None, org: str | None = None
    ) -> None:
        """Give a role: on an object, else in an organization, else everywhere. With both, the object is first placed
        into the organization. `who` is a Principal, a username, or a subject (`user:usr_…`, `group:staff#member`)."""
        from doorward.domain.roles import flow

        if on is not None and org is not None:
            await self.place(on, org=org)
        world = await self._writing()
        await flow.assign(world, await _subject(world, who), role, place_of(on, org))

    async def unassign(
        self, who: Principal | str, role: str, *, on: Object | None = None, org: str | None = None
    ) -> None:
        """Take a role away where it was given. Does NOT take the object out of the organization."""
        from doorward.domain.roles import flow

        world = await self._writing()
        await flow.unassign(world, await _subject(world, who), role, place_of(on, org))

    async def place(self, on: Object, *, org: str) -> None:
        """Put an object into its one organization; roles held there then count for it."""
        from doorward.domain.relations import flow

        await flow.place(await self._writing(), needed(on), org)

    # Joining an app

    def attach(self, app: FastAPI) -> None:
        """Open and close with this app, check its guards when it starts, and describe refusals in its OpenAPI document.

        Needs no secret key. An app that was not attached is checked at its first guarded request.
        """
        if id(app) in self._attached:
            return
        self._attached[id(app)] = app
        inner = app.router.lifespan_context

        @asynccontextmanager
        async def lifespan(running: Any) -> AsyncIterator[Any]:
            async with self.lifespan(app), inner(running) as state:
                yield state

        app.router.lifespan_context = lifespan
        app.add_exception_handler(answers.Denied, cast(Any, answers.answer))
        answers.document(app)

    def mount(self, app: FastAPI, path: str = "/auth") -> None:
        """Attach, and serve sign-in, OAuth and OpenID Connect, account and console under `path`.

        Needs a public URL that ends in `path`, and a secret key (`doorward init` writes both): the app does not start
        without. The app is then the identity provider.
        """
        if self._path is not None:
            raise Misconfigured("this door is mounted already", reason="mount.twice", hint="mount it once")
        mounting.mount(app, self, path)
        self._path = path
        self.attach(app)

    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        """Open while the block runs: for `FastAPI(lifespan=door.lifespan)`. `attach` and `mount` do it themselves."""
        opened = await self.open()
        try:
            self._check(app)
            if opened.server is not None and not opened.lent:
                async with opened.server.lifespan():
                    yield
            else:
                yield
        finally:
            await self.close()

    # Opening

    async def open(self) -> Opened:
        """The open door; opens it where it is not. Raises Misconfigured, Unavailable."""
        return self._opened if self._opened is not None else await asyncio.to_thread(self._now)

    async def close(self) -> None:
        """Let go of the database. The next request opens the door again. What a test lent stays as it is."""
        opened = self._opened
        if opened is not None and not opened.lent:
            self._opened = None
            await opened.world.storage.close()

    async def guard(self, connection: HTTPConnection) -> Guard:
        """The open door's guard. The app that serves this request is checked before its first one is let in."""
        opened = self._opened if self._opened is not None else await self.open()
        app = connection.scope.get("app")
        if id(app) not in self._checked:
            own = getattr(route_of(connection), "param_convertors", {})
            self._check(app, frozenset(connection.path_params) - frozenset(own))
        return opened.guard

    async def server(self) -> Application:
        """The mounted server."""
        opened = await self.open()
        assert opened.server is not None, "only a mounted door is asked for its server"
        return opened.server

    def lend(self, opened: Opened | None) -> Opened | None:
        """Work on this instead, and give back what was there before: for tests. Whoever lends it closes it."""
        before, self._opened = self._opened, opened
        return before

    @property
    def settings(self) -> Settings:
        """The settings of the environment, with what the constructor was given before them. Raises Misconfigured.

        Beside `doorward dev`, its URL is the public one, unless another is given.
        """
        from doorward import settings

        return in_development(settings.load(None, **self._options))

    @property
    def mounted_at(self) -> str:
        """The path under which the app serves doorward's own pages, or empty."""
        return self._path or ""

    @property
    def mounted(self) -> bool:
        """Whether the app serves doorward's own pages."""
        return self._path is not None

    @property
    def problem_types(self) -> str:
        """The URL before an error's code where it is explained, or empty."""
        public_url = self._opened.world.settings.public_url if self._opened else ""
        return f"{public_url}/problems/" if public_url else ""

    async def denied(self, principal: Principal, permission: str, denial: rules.Denial) -> bool:
        """Record a denial, as this request's caller; whether it was recorded."""
        return await self._denials.record(await self._writing(), principal, permission, denial)

    def acting(self, connection: HTTPConnection, principal: Principal) -> None:
        """What this request writes through the door from here on is recorded as this caller's."""
        _acting.set((connection, principal))

    def _now(self) -> Opened:
        """Open from plain code, whether or not an event loop runs here."""
        with self._opening:
            if self._opened is None:
                self._opened = apart(self._open())
            return self._opened

    async def _open(self) -> Opened:
        from doorward import app as house
        from doorward.settings import require_server

        settings, server = self.settings, None
        if self._path is None:
            world = await house.open_guard(settings)
        else:
            settings = mounting.fits(require_server(settings), self._path)
            world = await house.open_world(settings, shared=True)
        try:
            if self._path is not None:
                server = await house.assemble(world)
            return await opened(world, server, explain=self._explain)
        except BaseException:
            await house.close(world)
            raise

    def _check(self, app: Any, outer: frozenset[str] = frozenset()) -> None:
        """Every guard of this door on this app names parameters that its route, or a mount around, has.

        Raises Misconfigured.
        """
        for way in ways(app) if app is not None else ():
            readable(way.route)
            for guard in way.guards:
                if guard.door is self:
                    for name in guard.requirement.names:
                        sources(way.route, name, outer | way.outer)
        self._checked[id(app)] = app

    async def _writing(self) -> World:
        world = (await self.open()).world
        return world.on_behalf_of(_caller())


def _caller() -> Caller:
    """Whom the audit names for what is written now: the caller of the request, else the application."""
    acting = _acting.get()
    if acting is None:
        return Caller(actor="application:fastapi")
    connection, principal = acting
    address = connection.client.host if connection.client else ""
    agent = connection.headers.get("user-agent", "")[:256]
    return Caller(actor=principal.subject, credential=principal.credential, address=address, agent=agent)


async def _subject(world: World, who: Principal | str) -> str:
    from doorward.domain.accounts import reads

    if isinstance(who, Principal):
        return who.subject
    return who if "#" in who else (await reads.subject(world, who)).subject
