"""The Arrival: what the application noted of one request, kept in its ASGI scope for cookies, forms and pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Scope

from doorward.core.audit import Caller
from doorward.ports import World
from doorward.web.arrival.rules import Site, client_address, site

_KEY = "doorward"


@dataclass(slots=True)
class Arrival:
    """One request's own World, and what may still change while it is answered.

    `blind`: the session cookie is not to be seen. `form_cookie`: a pre-session cookie to set with the response.
    `form`: the decoded form, so that it is read once.
    """

    world: World
    id: str
    blind: bool = False
    form_cookie: str | None = None
    form: Mapping[str, str] | None = None


def arrive(world: World, scope: Scope) -> Arrival:
    """Note a request: give it an id and a World that records what it does as its caller's."""
    id = world.new_id("req")
    caller = Caller(
        address=address_of(world, scope),
        agent=" ".join(header_values(scope, "user-agent"))[:256],
        request=id,
    )
    arrival = Arrival(world.on_behalf_of(caller), id)
    scope[_KEY] = arrival
    return arrival


def address_of(world: World, scope: Scope) -> str:
    """Where the request came from, as far as the proxies in between are trusted."""
    peer = scope["client"][0] if scope.get("client") else ""
    return client_address(peer, header_values(scope, "x-forwarded-for"), world.settings.trusted_proxies)


def arrival_of(request: Request) -> Arrival:
    """The Arrival of a request that came through `application`."""
    arrival = request.scope[_KEY]
    assert isinstance(arrival, Arrival)
    return arrival


def header_values(scope: Scope, name: str) -> list[str]:
    """Every value sent under this header name, in order."""
    wanted = name.encode()
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == wanted]


def sent_by(scope: Scope, own: frozenset[str]) -> Site:
    """Who sent this request, by its `Origin` and `Sec-Fetch-Site`."""
    return site(header_values(scope, "origin"), header_values(scope, "sec-fetch-site"), own)
