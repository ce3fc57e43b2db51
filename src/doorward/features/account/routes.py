"""`/account`, and the buttons and the password form on it."""

from __future__ import annotations

from contextlib import suppress

from starlette.responses import Response

from doorward.core.errors import DoorwardError, Invalid, NotFound, Throttled, Unauthenticated
from doorward.domain.api_keys.reads import of_owner
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.sessions.reads import of_user
from doorward.features.account import flow
from doorward.features.account.rules import browser
from doorward.features.account.signed_in import Visit, signed_in
from doorward.web.cookies import set_session
from doorward.web.forms import FormErrors, form_errors, form_of, form_token
from doorward.web.links import local, redirect
from doorward.web.page import page
from doorward.web.route import Route

_SESSION, _CONSENT, _REVOKE, _PASSWORD = "end-session", "withdraw-consent", "revoke-api-key", "password"
SHOWN = 1000
"""Of each kind, at most: far more than anybody has, so that nothing hides behind what somebody else made many of."""
_NOTICES = {
    "password": "Your password is changed. Every other session has ended.",
    "session": "That session has ended.",
    "consent": "That app may no longer act for you.",
    "revoked": "That API key is revoked.",
}


async def show(visit: Visit) -> Response:
    """Everything that is this person's, each with what ends it."""
    world, request, user = visit.world, visit.request, visit.user
    sessions = await of_user(world, user.id, limit=SHOWN, latest_first=True)
    tokens = {
        "session": form_token(world, request, _SESSION),
        "consent": form_token(world, request, _CONSENT),
        "revoke": form_token(world, request, _REVOKE),
    }
    return page(
        world,
        request,
        "account/account.html",
        user=user,
        current=visit.session,
        sessions=[(session, browser(session.agent)) for session in sessions],
        consents=await flow.allowed_apps(world, user, limit=SHOWN),
        api_keys=await of_owner(world, user.subject, limit=SHOWN),
        tokens=tokens,
        notice=_NOTICES.get(request.query_params.get("done", "")),
    )


async def end_session(visit: Visit) -> Response:
    """End one session of one's own."""
    return await _done(visit, "session", flow.end_session, "id")


async def withdraw(visit: Visit) -> Response:
    """Take back what an app was allowed."""
    return await _done(visit, "consent", flow.withdraw, "client")


async def revoke(visit: Visit) -> Response:
    """Revoke an API key."""
    return await _done(visit, "revoked", flow.revoke_key, "id")


async def show_password(visit: Visit) -> Response:
    """The form for another password."""
    return _password_form(visit, None)


async def change_password(visit: Visit) -> Response:
    """Replace the password by who knows the current one; every other session ends, and every copy of this cookie."""
    form = await form_of(visit.request)
    current, password = form.get("current", ""), form.get("password", "")
    try:
        secret = await lifecycle.change_password(visit.world, visit.user, current, password, kept=visit.session)
    except (Unauthenticated, Invalid, Throttled) as error:
        return _password_form(visit, error)
    response = redirect(local(visit.world.settings, "/account", done="password"))
    if secret is not None:
        set_session(response, visit.world, secret)
    return response


async def _done(visit: Visit, notice: str, end: flow.End, field: str) -> Response:
    value = (await form_of(visit.request)).get(field, "")
    with suppress(NotFound):  # ended meanwhile, in another tab perhaps: what was asked for is so
        await end(visit.world, visit.user, value)
    return redirect(local(visit.world.settings, "/account", done=notice))


def _password_form(visit: Visit, error: DoorwardError | None) -> Response:
    response = page(
        visit.world,
        visit.request,
        "account/password.html",
        status=200 if error is None else 403 if error.status == 401 else error.status,
        user=visit.user,
        form_token=form_token(visit.world, visit.request, _PASSWORD),
        shortest=visit.world.settings.password_min_length,
        errors=_errors(error) if error else None,
    )
    if isinstance(error, Throttled):
        response.headers["retry-after"] = str(error.retry_after)
    return response


def _errors(error: DoorwardError) -> FormErrors:
    if isinstance(error, Unauthenticated):
        return FormErrors("That did not match", fields={"current": "This is not your current password."})
    return form_errors(error, ("password",))


ROUTES = (
    Route("GET", "/account", signed_in(show)),
    Route("POST", "/account/sessions/end", signed_in(end_session), form=_SESSION),
    Route("POST", "/account/consents/withdraw", signed_in(withdraw), form=_CONSENT),
    Route("POST", "/account/api-keys/revoke", signed_in(revoke), form=_REVOKE),
    Route("GET", "/account/password", signed_in(show_password, "/account/password")),
    Route("POST", "/account/password", signed_in(change_password, "/account/password"), form=_PASSWORD),
)
