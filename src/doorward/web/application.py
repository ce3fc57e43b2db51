"""The ASGI application: an exact-path table of hot endpoints, a router for the rest, and what holds for every request.

In this order: the path, the Host, the hot table; then an id and a caller, the body's limit, the route, the method, the
form's token, the handler; then the error in the route's own style, the security headers, and a line in the log.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from doorward.core.errors import DoorwardError, Misconfigured, NotFound
from doorward.ports import World
from doorward.web import cookies
from doorward.web.api import docs, endpoint
from doorward.web.arrival.arrival import Arrival, arrival_of, arrive, header_values
from doorward.web.arrival.body import bounded
from doorward.web.arrival.log import log_request, logger
from doorward.web.arrival.rules import base_path, host_fits, own_hosts, route_path
from doorward.web.errors import MethodNotAllowed, Misdirected, tell
from doorward.web.forms import verify_form
from doorward.web.headers import Origins, allow_origin, harden, preflight
from doorward.web.page import ASSETS, assets
from doorward.web.route import CROSS_SITE, Errors, Operation, Route

_SAFE = ("GET", "HEAD")
_ANY_HOST = frozenset({"/healthz"})  # asked for by address, by whatever restarts us
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # the router's `$` would let `/setup%0A` be `/setup`, past a proxy's rule
_FOR_EVER = "public, max-age=31536000, immutable"


def application(
    world: World,
    routes: Sequence[Route],
    operations: Sequence[Operation[Any, Any]],
    *,
    authorize: endpoint.Authorize,
    hot: Mapping[str, ASGIApp] | None = None,
    origins: Origins | None = None,
) -> Application:
    """The application that serves these. Raises Misconfigured where two share a method and path, a page's POST has no
    form, or there is no public URL.

    `hot` maps exact paths to bare ASGI callables, which are on their own but for the Host check. `origins` says whose
    cross-origin requests are answered (`Route.cors`).
    """
    if not base_url_fits(world.settings.public_url):
        raise Misconfigured("there is no public URL", hint="set DOORWARD_PUBLIC_URL, e.g. https://auth.example.com")
    described = (*routes, *docs.routes(routes, operations))
    called = tuple(
        Route(operation.method, operation.path, endpoint.handler(operation, authorize), "problem")
        for operation in operations
    )
    calls = frozenset(route.path for route in called)
    table: dict[str, dict[str, Route]] = {}
    for route in (*described, *called):
        _check(route, table.setdefault(route.path, {}))
        table[route.path][route.method] = route
    return Application(world, table, calls, dict(hot or {}), origins)


def base_url_fits(public_url: str) -> bool:
    """Whether links can be made of this: http or https, a host, no query or fragment."""
    scheme, _, rest = public_url.partition("://")
    return scheme in ("http", "https") and rest.strip("/") != "" and not set(rest) & set("?#@ \\")


class Application:
    """Plain ASGI. `table` is path → method → Route, for whoever has to go over all of them."""

    def __init__(
        self,
        world: World,
        table: dict[str, dict[str, Route]],
        calls: frozenset[str],
        hot: dict[str, ASGIApp],
        origins: Origins | None,
    ) -> None:
        self.world, self.table, self.hot = world, table, hot
        self._origins, self._calls = origins, calls
        settings = world.settings
        self._hosts = own_hosts(settings.public_url, settings.dev)
        self._base = base_path(settings.public_url)
        methods = {path: _Methods(self, table[path]) for path in table}
        self._exact = {path: found for path, found in methods.items() if "{" not in path}  # a look-up, not a search
        paths = sorted(table.keys() - self._exact, key=lambda path: [("{" in part, part) for part in path.split("/")])
        self._router = Router(
            [StarletteRoute(path, methods[path]) for path in paths], redirect_slashes=False, default=_Methods(self, {})
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _not_http(scope, receive, send)
            return
        path = route_path(scope["path"], scope.get("root_path", ""), self._base)
        fits = path in _ANY_HOST or host_fits(header_values(scope, "host"), self._hosts)
        if fits and path in self.hot:
            await self.hot[path](scope, receive, send)
            return
        scope = {**scope, "path": path, "root_path": ""}
        arrive(self.world, scope)
        receive = bounded(scope, receive, self.world.settings.max_body)
        if not fits:
            await self.respond(scope, receive, send, self._misdirected, None)
        elif _CONTROL.search(path):
            await self.respond(scope, receive, send, _nowhere, None)
        elif path.startswith(ASSETS):
            await self.respond(scope, receive, send, _asset, None)
        else:
            await (self._exact.get(path) or self._router)(scope, receive, send)

    async def respond(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        handle: Callable[[Request], Awaitable[Response]],
        route: Route | None,
    ) -> None:
        """Run a handler, tell its error in the route's style, and send what comes of it with every header it needs."""
        started = time.monotonic()
        request = Request(scope, receive)
        style: Errors = route.errors if route else _style(scope)
        try:
            response = await handle(request)
        except ClientDisconnect:
            return
        except DoorwardError as error:
            response = tell(request, error, style)
            if error.status >= 500:
                logger.error("refused", request=arrival_of(request).id, code=error.code, reason=error.reason)
        except Exception:
            response = _unexpected(request, style)
        await self._finish(request, response, route)
        await response(scope, receive, send)
        _log(request, response, started)

    async def _finish(self, request: Request, response: Response, route: Route | None) -> None:
        arrival, settings = arrival_of(request), self.world.settings
        if route is not None and route.cors and request.method != "OPTIONS":
            await allow_origin(response, arrival.world, _origin(request), self._origins)
        if arrival.form_cookie is not None:
            cookies.write(response, settings, cookies.FORM, arrival.form_cookie)
        response.headers["x-request-id"] = arrival.id
        harden(response, settings)

    async def _misdirected(self, request: Request) -> Response:
        raise Misdirected("this server has another address", hint=f"use {self.world.settings.public_url}")

    def is_call(self, path: str) -> bool:
        """Whether the path is an Operation's, which sees to its origin itself and may act on the session cookie."""
        return path in self._calls

    async def preflight(self, request: Request) -> Response:
        """The answer to OPTIONS where cross-origin requests are answered."""
        return await preflight(arrival_of(request).world, _origin(request), self._origins)


class _Methods:
    """One path as an ASGI endpoint: picks the route by method, and answers OPTIONS and methods that are not there."""

    def __init__(self, application: Application, routes: Mapping[str, Route]) -> None:
        self._application, self._routes = application, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        route = self._routes.get(method)
        chosen = route or next(iter(self._routes.values()), None)
        cors = any(route.cors for route in self._routes.values())

        async def handle(request: Request) -> Response:
            if method == "OPTIONS" and cors:
                return await self._application.preflight(request)
            if route is None:
                return self._absent(request, chosen)
            return await self._run(request, route)

        await self._application.respond(scope, receive, send, handle, chosen)

    async def _run(self, request: Request, route: Route) -> Response:
        arrival = arrival_of(request)
        if route.method not in _SAFE and not self._application.is_call(route.path):
            if route.form in ("", CROSS_SITE):
                arrival.blind = True
            else:
                await verify_form(arrival.world, request, route.form)
        return await route.handler(arrival.world, request)

    def _absent(self, request: Request, chosen: Route | None) -> Response:
        if chosen is None:
            raise NotFound("there is nothing at this address")
        response = tell(request, MethodNotAllowed(f"this address does not take {_method(request)}"), chosen.errors)
        methods = sorted({*self._routes, *(["HEAD"] if "GET" in self._routes else [])})
        response.headers["allow"] = ", ".join(methods)  # rfc9110#15.5.6
        return response


def _check(route: Route, others: Mapping[str, Route]) -> None:
    if route.method in others:
        raise Misconfigured(f"`{route.method} {route.path}` is served twice")
    if route.errors == "page" and route.method not in _SAFE and not route.form:
        raise Misconfigured(f"`{route.method} {route.path}` is a page that changes something and names no form")


async def _nowhere(request: Request) -> Response:
    raise NotFound("there is nothing at this address")


async def _asset(request: Request) -> Response:
    found = assets().get(request.scope["path"].removeprefix(ASSETS))
    if found is None or request.method not in _SAFE:
        raise NotFound("there is nothing at this address")
    content, type = found
    return Response(content, headers={"content-type": type, "cache-control": _FOR_EVER})


def _unexpected(request: Request, style: Errors) -> Response:
    """What nobody foresaw: the log has it under the request's id, the response has the id."""
    arrival = arrival_of(request)
    logger.exception("server_error", request=arrival.id, method=_method(request), path=request.scope["path"])
    error = DoorwardError(f"something went wrong here; the log has it under `{arrival.id}`", reason="server_error")
    try:
        return tell(request, error, style)
    except Exception:  # a template of the installation's own may be what is broken
        logger.exception("server_error", request=arrival.id)
        return Response(f"server_error {arrival.id}\n", status_code=500, headers={"content-type": "text/plain"})


def _style(scope: Scope) -> Errors:
    """How to tell an error where there is no route: a page to whoever asks for HTML."""
    return "page" if "text/html" in " ".join(header_values(scope, "accept")) else "problem"


def _origin(request: Request) -> str | None:
    values = header_values(request.scope, "origin")
    return values[0] if len(values) == 1 else None


def _method(request: Request) -> str:
    return request.method[:16]


def _log(request: Request, response: Response, started: float) -> None:
    arrival: Arrival = arrival_of(request)
    log_request(
        arrival.id,
        method=_method(request),
        path=request.scope["path"],
        status=response.status_code,
        started=started,
        address=arrival.world.caller.address,
    )


async def _not_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Lifespan is agreed to (nothing is started here: `app.py` does that); a web socket is turned away."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
