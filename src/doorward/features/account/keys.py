"""`/account/api-keys`: making a key, whose secret is shown this once."""

from __future__ import annotations

from starlette.responses import Response

from doorward.core.errors import DoorwardError, Forbidden, Invalid
from doorward.core.instant import DAY, Seconds
from doorward.domain.api_keys import flow as api_keys
from doorward.features.account.signed_in import Visit, signed_in
from doorward.web.forms import form_errors, form_of, form_token
from doorward.web.page import page
from doorward.web.route import Route

_FORM = "api-key"
_LIFETIMES = {"30": "30 days", "90": "90 days", "365": "a year"}
_USUAL = "90"


async def show(visit: Visit) -> Response:
    """The form for a new key."""
    return _form(visit)


async def create(visit: Visit) -> Response:
    """Make a key of one's own and show its secret: it is in this response and nowhere else."""
    form = await form_of(visit.request)
    name, scope, lifetime = form.get("name", ""), form.get("scope", ""), form.get("lifetime", _USUAL)
    try:
        key, secret = await api_keys.create(
            visit.world,
            owner=visit.user.subject,
            name=name,
            scope=scope.split() or None,
            lifetime=Seconds(int(_days(lifetime)) * DAY),
        )
    except (Invalid, Forbidden) as error:
        return _form(visit, error=error, name=name, scope=scope, lifetime=lifetime)
    return page(visit.world, visit.request, "account/api_key_made.html", key=key, secret=secret)


def _days(lifetime: str) -> str:
    if lifetime not in _LIFETIMES:
        raise Invalid("choose how long it lasts", reason="lifetime.invalid")
    return lifetime


def _form(
    visit: Visit, *, error: DoorwardError | None = None, name: str = "", scope: str = "", lifetime: str = _USUAL
) -> Response:
    return page(
        visit.world,
        visit.request,
        "account/api_key.html",
        status=error.status if error else 200,
        form_token=form_token(visit.world, visit.request, _FORM),
        errors=form_errors(error, ("name", "scope", "lifetime")) if error else None,
        name=name,
        scope=scope,
        lifetimes=_LIFETIMES.items(),
        lifetime=lifetime,
    )


ROUTES = (
    Route("GET", "/account/api-keys", signed_in(show, "/account/api-keys")),
    Route("POST", "/account/api-keys", signed_in(create, "/account/api-keys"), form=_FORM),
)
