"""Every way into an app: its routes, those of included routers, of mounted apps and hosts, WebSockets, static files.

Used when an app starts, to check the guards' parameters, and by the pytest plugin, to find what no guard stands before.
What can't be looked into is reported as itself: an unknown thing is not a guarded one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute

from doorward.fastapi.entrance import Entrance
from doorward.fastapi.mounting import Mounted

Kind = Literal["route", "websocket", "app"]
_EVERY = frozenset({"*"})


@dataclass(frozen=True, slots=True)
class Way:
    """One way into an app. `path` is the full template, with the prefixes of mounts; `guards` stand before it.

    `route` is the framework's own, `outer` are the parameters of the mounts around it. `own` ways belong to FastAPI's
    documentation pages or to a mounted doorward, which see to themselves.
    """

    path: str
    kind: Kind
    methods: frozenset[str]
    guards: tuple[Entrance, ...]
    route: Any
    outer: frozenset[str] = frozenset()
    own: bool = False
    endpoint: Any = None

    @property
    def place(self) -> str:
        """`name, file:line` of what answers there, to find it by."""
        return _place(self.endpoint)


def ways(app: Any) -> Iterator[Way]:
    """All ways into an ASGI app, each once, in the order in which they are tried."""
    yield from _app(app, "", frozenset(), {})


def _app(app: Any, prefix: str, outer: frozenset[str], overrides: Mapping[Any, Any]) -> Iterator[Way]:
    if isinstance(app, Mounted):
        yield Way(prefix or "/", "app", _EVERY, (), app, outer, own=True)
        return
    app = _unwrapped(app)
    if not isinstance(app, Starlette | Router):
        yield Way(prefix or "/", "app", _EVERY, (), app, outer, endpoint=app)
        return
    overrides = getattr(app, "dependency_overrides", overrides)
    router = app if isinstance(app, Router) else app.router
    for route in (*router.routes, *_frontends(router)):
        yield from _route(route, prefix, outer, overrides)
    if getattr(router.default, "__func__", None) is not Router.not_found:
        yield Way(f"{prefix}/*", "app", _EVERY, (), router.default, outer, endpoint=router.default)


def _route(route: Any, prefix: str, outer: frozenset[str], overrides: Mapping[Any, Any]) -> Iterator[Way]:
    if isinstance(route, Mount):
        named = outer | frozenset(route.param_convertors) - {"path"}
        inner = getattr(route, "_base_app", route.app)
        yield from _app(inner, prefix + route.path, named, overrides)
    elif isinstance(route, Host):
        yield from _app(route.app, prefix, outer, overrides)
    elif hasattr(route, "effective_candidates"):  # an included router, FastAPI >= 0.13x
        for candidate in (*route.effective_candidates(), *route.effective_low_priority_routes()):
            yield from _route(_effective(candidate), prefix, outer, overrides)
    elif getattr(route, "dependant", None) is not None:
        yield from _guarded(route, prefix, outer, overrides)
    elif isinstance(route, Route):
        methods = frozenset(route.methods or _EVERY)
        own = getattr(route.endpoint, "__module__", "") == "fastapi.applications" or isinstance(route.endpoint, Mounted)
        yield Way(prefix + route.path, "route", methods, (), route, outer, own, route.endpoint)
    elif isinstance(route, WebSocketRoute):
        yield Way(prefix + route.path, "websocket", _EVERY, (), route, outer, endpoint=route.endpoint)
    else:
        path = prefix + str(getattr(route, "path", "/*"))
        yield Way(path, "app", _EVERY, (), route, outer, endpoint=route)


def _guarded(route: Any, prefix: str, outer: frozenset[str], overrides: Mapping[Any, Any]) -> Iterator[Way]:
    """A route that FastAPI resolves dependencies for."""
    guards = tuple(_entrances(route.dependant, overrides))
    endpoint = getattr(route, "endpoint", None)
    nested = getattr(route, "routes", None) or getattr(getattr(route, "original_route", None), "routes", None)
    if endpoint is None and nested is not None:  # static files of a frontend
        for page in nested:
            path = prefix + getattr(route, "frontend_prefix", "") + str(page.path)
            yield Way(path, "app", frozenset({"GET", "HEAD"}), guards, route, outer, endpoint=page.app)
        return
    websocket = isinstance(route, WebSocketRoute)
    methods = _EVERY if websocket else frozenset(route.methods or _EVERY)
    kind: Kind = "websocket" if websocket else "route"
    yield Way(prefix + route.path, kind, methods, guards, route, outer, endpoint=endpoint)


def _entrances(dependant: Any, overrides: Mapping[Any, Any]) -> Iterator[Entrance]:
    """The guards among the dependencies, those of dependencies too, but none that the app has replaced by another."""
    for child in dependant.dependencies:
        if child.call in overrides:
            continue
        if isinstance(child.call, Entrance):
            yield child.call
        yield from _entrances(child, overrides)


def _effective(candidate: Any) -> Any:
    """An included route as it is served: with the prefix and the dependencies of the inclusion."""
    return getattr(candidate, "starlette_route", None) or candidate


def _frontends(router: Any) -> tuple[BaseRoute, ...]:
    return tuple(getattr(router, "_low_priority_routes", ()))


def _unwrapped(app: Any) -> Any:
    """The app inside Starlette's and FastAPI's own middleware; any other wrapper may answer by itself."""
    while not isinstance(app, Starlette | Router) and type(app).__module__.startswith(("starlette.", "fastapi.")):
        inner = getattr(app, "app", None)
        if inner is None or inner is app:
            break
        app = inner
    return app


def _place(endpoint: Any) -> str:
    """`name, file:line` of a handler, to find it by."""
    target: Callable[..., object] = endpoint if inspect.isroutine(endpoint) else type(endpoint)
    name = getattr(target, "__qualname__", repr(target))
    try:
        target = inspect.unwrap(target)
        return f"{name}, {inspect.getsourcefile(target)}:{inspect.getsourcelines(target)[1]}"
    except (OSError, TypeError):
        return str(name)
