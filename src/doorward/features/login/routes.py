"""`/login`: the form and the session it starts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import DoorwardError, Throttled, Unauthenticated
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.sessions import flow as sessions
from doorward.domain.sessions.records import Session
from doorward.features.login.rules import refusal
from doorward.ports import World
from doorward.web.cookies import session_secret, set_session
from doorward.web.forms import form_of, form_token
from doorward.web.links import here, local, redirect
from doorward.web.onward import ONWARD, opened
from doorward.web.page import page
from doorward.web.route import Route

_FORM = "login"


async def show(world: World, request: Request) -> Response:
    """The form; who is signed in goes on to `next`, unless they shall prove it once more."""
    query = request.query_params
    next, reauth = here(world.settings, query.get("next")) or "", query.get("reauth") == "1"
    session, name = await _current(world, request)
    if session is not None and not reauth:
        return redirect(next or local(world.settings, "/account"))
    hint = name if session is not None else query.get("login_hint", "")[:128]
    onward = query.get(ONWARD, "")
    return _form(world, request, next=next, onward=onward, reauth=reauth and session is not None, username=hint)


async def submit(world: World, request: Request) -> Response:
    """Start a session for who knows the password, in place of the one the browser had."""
    form = await form_of(request)
    username, next = form.get("username", ""), here(world.settings, form.get("next")) or ""
    session, _ = await _current(world, request)
    try:
        _, secret = await lifecycle.sign_in(
            world, username, form.get("password", ""), replaces=session.id if session else None
        )
    except (Unauthenticated, Throttled) as error:
        onward, reauth = form.get(ONWARD, ""), form.get("reauth") == "1"
        return _form(world, request, next=next, onward=onward, reauth=reauth, username=username[:128], error=error)
    response = redirect(next or local(world.settings, "/account"))
    set_session(response, world, secret)
    return response


async def _current(world: World, request: Request) -> tuple[Session | None, str]:
    secret = session_secret(request)
    found = await sessions.resume(world, secret) if secret else None
    return (found[0], found[1].username) if found else (None, "")


def _form(
    world: World,
    request: Request,
    *,
    next: str,
    onward: str,
    reauth: bool,
    username: str,
    error: DoorwardError | None = None,
) -> Response:
    """The page; its form may lead to where our own seal says that `next` goes on to, and else stays on this host."""
    leads_to = opened(world, next, onward)
    response = page(
        world,
        request,
        "login.html",
        status=_status(error),
        form_action=leads_to,
        form_token=form_token(world, request, _FORM),
        next=next,
        onward=onward if leads_to else "",
        reauth=reauth,
        username=username,
        errors=refusal(error) if error else None,
        message=world.settings.login_message,
    )
    if isinstance(error, Throttled):
        response.headers["retry-after"] = str(error.retry_after)
    return response


def _status(error: DoorwardError | None) -> int:
    """403 rather than 401, which would have to name an HTTP authentication scheme. RFC 9110 §15.5.4."""
    return 200 if error is None else 403 if error.status == 401 else error.status


ROUTES = (Route("GET", "/login", show), Route("POST", "/login", submit, form=_FORM))
