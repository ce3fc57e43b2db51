"""The authorization endpoint, and the answer to its consent page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import InvalidRequest, OAuthError
from doorward.core.oauth import redirects, scopes
from doorward.core.oauth.request import Trusted, Valid, trust
from doorward.core.oauth.stages import Need, settle, validate
from doorward.domain.accounts.records import User
from doorward.feature import House
from doorward.features.authorization_code import flow
from doorward.features.authorization_code.rules import QUERY_LIMIT
from doorward.ports import World
from doorward.web.cookies import session_secret
from doorward.web.forms import form_of, form_token
from doorward.web.links import local, redirect
from doorward.web.onward import ONWARD, seal
from doorward.web.page import page
from doorward.web.route import CROSS_SITE, Route

PATH = "/oauth2/authorize"
CONSENT = "/oauth2/consent"
LOGIN = "/login"
SHOWN = "shown"
"""The field of the consent page that says which scopes it shows: nobody allows what is added while they read."""


def routes(house: House) -> Sequence[Route]:
    """The endpoints, with every feature's steps."""
    return [
        Route("GET", PATH, _bound(authorize, house)),
        Route("POST", PATH, repeat_as_get, form=CROSS_SITE),
        Route("POST", CONSENT, _bound(decide, house), form="consent"),
    ]


def _bound(
    handler: Callable[[World, Request, House], Awaitable[Response]], house: House
) -> Callable[[World, Request], Awaitable[Response]]:
    async def handle(world: World, request: Request) -> Response:
        return await handler(world, request, house)

    return handle


async def authorize(world: World, request: Request, house: House) -> Response:
    """GET: a code, an error for the client, the consent page, or off to sign in. RFC 6749 §4.1.1, OIDC Core §3.1.2."""
    return await _answer(world, request, house, {})


async def repeat_as_get(world: World, request: Request) -> Response:
    """POST by another site: the same as a GET, which the browser sends with its session. OIDC Core §3.1.2.1."""
    query = urlencode(await form_of(request))
    if len(query) > QUERY_LIMIT:
        raise InvalidRequest("the request is too long", reason="request.too_long")
    return redirect(f"{local(world.settings, PATH)}?{query}")


async def decide(world: World, request: Request, house: House) -> Response:
    """POST of the consent page: the whole request is looked at again, with what the person decided."""
    return await _answer(world, request, house, await form_of(request))


async def _answer(world: World, request: Request, house: House, form: Mapping[str, str]) -> Response:
    query = request.scope["query_string"].decode("latin-1")
    trusted = trust(await flow.received(world, query))  # an error up to here is a page
    try:
        return await _proceed(world, request, house, trusted, form)
    except OAuthError as error:
        return redirect(trusted.refuse(error))


async def _proceed(world: World, request: Request, house: House, trusted: Trusted, form: Mapping[str, str]) -> Response:
    valid, decision = validate(house.steps, trusted), form.get("decision")
    allowed = decision == "allow" and form.get(SHOWN) == " ".join(valid.scope)  # else they are asked again
    standing, user = await flow.standing(world, valid, session_secret(request), allowed=allowed)
    if decision == "deny" and standing.person is not None:
        await flow.deny(world, trusted, standing.person)
    settled = settle(house.steps, valid, standing)
    if settled is Need.SIGN_IN or user is None:
        return _to_sign_in(world, valid, again=user is not None)
    if isinstance(settled, Need):
        return _ask(world, request, valid, user)
    code = await flow.issue(world, settled, asked=allowed)
    return redirect(trusted.answer({"code": code}))


def _to_sign_in(world: World, request: Valid, *, again: bool) -> Response:
    """Off to the sign-in page, and back here with the time of this moment sealed into the request.

    That page is told, under a seal, where its form leads in the end, or a browser would stop at our redirect there.
    """
    next = f"{local(world.settings, PATH)}?{urlencode(flow.sealed(world, request.trusted.parameters))}"
    more = {ONWARD: seal(world, next, redirects.onward(request.trusted.client, request.trusted.redirect_uri))}
    if again:
        more["reauth"] = "1"
    if request.login_hint:
        more["login_hint"] = request.login_hint
    return redirect(local(world.settings, LOGIN, next=next, **more))


def _ask(world: World, request: Request, valid: Valid, user: User) -> Response:
    """The consent page: which client, what for, and where the browser goes afterwards."""
    trusted = valid.trusted
    return page(
        world,
        request,
        "consent.html",
        form_action=redirects.onward(trusted.client, trusted.redirect_uri),
        client=trusted.client,
        redirect_host=redirects.host(trusted.redirect_uri),
        scopes=[(scope, scopes.text(scope)) for scope in valid.scope],
        shown=" ".join(valid.scope),
        user_name=user.name or user.username,
        action=f"{local(world.settings, CONSENT)}?{urlencode(trusted.parameters)}",
        form_token=form_token(world, request, "consent"),
    )
