"""Who is looking: the session's user, or a way to sign in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from doorward.domain.accounts.records import User
from doorward.domain.sessions import flow as sessions
from doorward.domain.sessions.records import Session
from doorward.ports import World
from doorward.web.cookies import session_secret
from doorward.web.links import local, redirect
from doorward.web.route import Handler


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in person's request. `world` records what they do as theirs."""

    world: World
    request: Request
    session: Session
    user: User


OwnHandler: TypeAlias = Callable[[Visit], Awaitable[Response]]


def signed_in(handler: OwnHandler, back: str = "/account") -> Handler:
    """A handler that only runs for somebody: anybody else is sent to sign in, and from there to `back`."""

    async def handle(world: World, request: Request) -> Response:
        secret = session_secret(request)
        found = await sessions.resume(world, secret) if secret else None
        if found is None:
            return redirect(local(world.settings, "/login", next=local(world.settings, back)))
        session, user = found
        caller = replace(world.caller, actor=user.subject, credential=session.id)
        return await handler(Visit(world.on_behalf_of(caller), request, session, user))

    return handle
