"""`/setup`: the form and what it makes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import Conflict, DoorwardError, Forbidden, Invalid, NotFound, Throttled
from doorward.domain.lifecycle import flow as lifecycle
from doorward.features.setup import flow, rules
from doorward.ports import World
from doorward.web.cookies import set_session
from doorward.web.forms import FormErrors, form_errors, form_of, form_token
from doorward.web.links import local, redirect
from doorward.web.page import page
from doorward.web.route import Route

_FORM = "setup"
_FIELDS = ("code", "username", "password")


async def show(world: World, request: Request) -> Response:
    """The form, while there is no administrator; 404 afterwards."""
    if not await flow.is_open(world):
        raise rules.closed()
    return _form(world, request)


async def submit(world: World, request: Request) -> Response:
    """Make the first administrator and sign them in."""
    form = await form_of(request)
    code, username, password = (form.get(name, "") for name in _FIELDS)
    try:
        user = await flow.create_administrator(world, code=code, username=username, password=password)
    except NotFound:
        raise
    except (Conflict, Forbidden, Invalid, Throttled) as error:
        return _form(world, request, error=error, code=code, username=username)
    _, secret = await lifecycle.sign_in(world, user.username, password)
    response = redirect(local(world.settings, "/account"))
    set_session(response, world, secret)
    return response


def _form(
    world: World, request: Request, *, error: DoorwardError | None = None, code: str = "", username: str = ""
) -> Response:
    errors: FormErrors | None = form_errors(error, _FIELDS) if error else None
    response = page(
        world,
        request,
        "setup.html",
        status=error.status if error else 200,
        form_token=form_token(world, request, _FORM),
        errors=errors,
        code=code,
        username=username,
        shortest=world.settings.password_min_length,
    )
    if isinstance(error, Throttled):
        response.headers["retry-after"] = str(error.retry_after)
    return response


ROUTES = (Route("GET", "/setup", show), Route("POST", "/setup", submit, form=_FORM))
