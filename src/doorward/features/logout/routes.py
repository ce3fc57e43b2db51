"""`/logout`: the question and the end."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from doorward.domain.accounts.records import User
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.sessions import flow as sessions
from doorward.domain.sessions.records import Session
from doorward.ports import World
from doorward.web.cookies import clear_session, session_secret
from doorward.web.forms import form_token
from doorward.web.page import page
from doorward.web.route import Route

_FORM = "logout"


async def show(world: World, request: Request) -> Response:
    """Ask; who has no session is told so."""
    found = await _current(world, request)
    if found is None:
        return page(world, request, "signed_out.html")
    user = found[1]
    token = form_token(world, request, _FORM)
    return page(world, request, "logout.html", user_name=user.name or user.username, form_token=token)


async def submit(world: World, request: Request) -> Response:
    """End the session, if it is still alive, and forget its cookie either way."""
    found = await _current(world, request)
    if found is not None:
        session, user = found
        caller = replace(world.caller, actor=user.subject, credential=session.id)
        await lifecycle.sign_out(world.on_behalf_of(caller), session)
    response = page(world, request, "signed_out.html")
    clear_session(response, world)
    return response


async def _current(world: World, request: Request) -> tuple[Session, User] | None:
    secret = session_secret(request)
    return await sessions.resume(world, secret) if secret else None


ROUTES = (Route("GET", "/logout", show), Route("POST", "/logout", submit, form=_FORM))
