"""The dependency that `signed_in()` and `require()` give: it lets a request in, or raises its refusal.

For FastAPI it is a security scheme, so that the app's OpenAPI document says what each operation needs.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from doorward.core.principal import Principal
from doorward.fastapi import answers
from doorward.fastapi.parameters import Source, identifier, sources
from doorward.guard.gate import WEBSOCKET, Guard
from doorward.guard.rules import Refusal, Refused, Requirement

if TYPE_CHECKING:
    from doorward.fastapi.door import Doorward

KEY = "doorward.principals"
"""Where an ASGI scope keeps who was let in, by door."""

_log = logging.getLogger("doorward")
_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}


class Entrance(SecurityBase):
    """One requirement at one door. Works on HTTP and WebSocket routes, in any router, for sync and async handlers."""

    def __init__(self, door: Doorward, requirement: Requirement) -> None:
        self.door, self.requirement = door, requirement
        self.scheme_name = answers.SCHEME
        self.model = HTTPBearer(description="An access token or an API key; pages of this origin have their session.")
        self._sources: dict[tuple[int, str], tuple[Any, tuple[Source, ...]]] = {}

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The caller, if they are let in. Raises Denied, a 404, or (WebSocket) closes the handshake."""
        guard = await self.door.guard(connection)
        try:
            return await self._enter(connection, guard)
        except Refused as refused:
            refusal = await self._recorded(connection, refused)
            answer = answers.exception(connection, refusal, realm=guard.realm, types=self.door.problem_types)
            raise answer from refused.__cause__

    async def _recorded(self, connection: HTTPConnection, refused: Refused) -> Refusal:
        """The refusal to answer with, after what it needs was recorded: only then does it name its decision."""
        refusal = refused.refusal
        if refusal.status >= 500:
            _log.error("refused, since nobody can tell: %s", refusal.reason, exc_info=refused.__cause__)
        principal, permission = self.door.principal(connection), self.requirement.permission
        if refused.denial is None or principal is None or permission is None:
            return refusal
        kept = await self.door.denied(principal, permission, refused.denial)
        return refusal if kept else replace(refusal, decision="", hint="")

    async def _enter(self, connection: HTTPConnection, guard: Guard) -> Principal:
        principal = await self._caller(connection, guard)
        requirement = self.requirement
        if requirement.permission is not None:
            id = org = None
            if requirement.names:
                route = route_of(connection)
                id = self._identifier(connection, route, requirement.id)
                org = self._identifier(connection, route, requirement.org)
            guard.admit(principal, requirement, id=id, org=org)
        return principal

    async def _caller(self, connection: HTTPConnection, guard: Guard) -> Principal:
        """Who is calling, established once a request whatever the number of guards."""
        scope = connection.scope
        known: dict[int, Principal] = scope.setdefault(KEY, {})
        principal = known.get(id(self.door))
        if principal is None:
            principal = await guard.caller(
                scope["headers"],
                method=WEBSOCKET if scope["type"] == "websocket" else scope["method"],
                scheme=_SCHEMES.get(scope.get("scheme", "http"), "https"),
            )
            known[id(self.door)] = principal
            self.door.acting(connection, principal)
        return principal

    def _identifier(self, connection: HTTPConnection, route: Any, name: str | None) -> Any:
        if name is None:
            return None
        kept = self._sources.get((id(route), name))
        if kept is None:
            outer = tuple(connection.path_params)
            kept = self._sources[id(route), name] = (route, sources(route, name, outer))
        return identifier(connection, route, kept[1])


def route_of(connection: HTTPConnection) -> Any:
    """The route that was matched, as it is with the prefixes and dependencies of the routers around it."""
    route = connection.scope.get("route")
    included = connection.scope.get("fastapi", {}).get("effective_route_context")
    return included if included is not None and included.original_route is route else route
