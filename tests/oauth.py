"""A house of the OAuth features on a real database, and a browser that walks through it over ASGI."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

import httpx

from doorward.core.oauth import pkce
from doorward.core.oauth.client import Client
from doorward.core.outcome import keep
from doorward.core.table import Put
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.records import User
from doorward.domain.clients.flow import register
from doorward.domain.roles.records import RESOURCE_SERVERS, ResourceServer
from doorward.domain.sessions.flow import start
from doorward.domain.sessions.records import Session
from doorward.domain.signing_keys.flow import ensure
from doorward.domain.tables import DOMAIN_TABLES
from doorward.feature import House, collect
from doorward.features import authorization_code, client_credentials, openid, token_endpoint
from doorward.ports import Clock, World
from doorward.testing import open_world
from doorward.web.application import application
from doorward.web.cookies import SESSION, cookie_name

RESOURCE = "https://api.example.com"
PERMISSIONS = ("invoice:read", "invoice:pay")
CALLBACK = "https://app.example.com/callback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
FEATURES = (token_endpoint.FEATURE, authorization_code.FEATURE, client_credentials.FEATURE, openid.FEATURE)


def house() -> House:
    """The OAuth features, joined."""
    return collect(FEATURES)


async def nobody(*_: object) -> None:
    """No administration call is part of these tests."""
    raise AssertionError


@asynccontextmanager
async def opened(path: Path, clock: Clock | None = None) -> AsyncIterator[World]:
    """A World with the tables of these features, signing keys and one resource server."""
    tables = tuple(dict.fromkeys((*DOMAIN_TABLES, *house().tables)))
    world = await open_world(path, clock=clock, tables=tables)
    try:
        await ensure(world)
        await world.commit(keep(None, Put(RESOURCE_SERVERS, ResourceServer(RESOURCE, "Invoices", PERMISSIONS))))
        yield world
    finally:
        await world.storage.close()


def http(world: World, house_: House | None = None) -> httpx.AsyncClient:
    """A client of the whole web application, which follows no redirect by itself."""
    app = application(world, (house_ or house()).routes(), (), authorize=nobody)  # type: ignore[arg-type]  # never called
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=world.settings.public_url)


def asking(client: Client, **changes: str | None) -> dict[str, str]:
    """The parameters of a good authorization request of this client, with some changed or (None) left out."""
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris[0],
        "scope": "openid profile invoice:read",
        "state": "st-1",
        "nonce": "n-1",
        "code_challenge": pkce.challenge(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in parameters.items() if value is not None}


def basic(client: Client, secret: str) -> dict[str, str]:
    """The Authorization header of RFC 6749 §2.3.1."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(secret)}"
    return {"authorization": "Basic " + b64encode(pair.encode()).decode()}


def answered(response: httpx.Response) -> dict[str, str]:
    """The parameters of an answer that is sent to the client."""
    assert response.status_code == 303, response.text
    return dict(parse_qsl(urlsplit(response.headers["location"]).query, keep_blank_values=True))


@dataclass
class Party:
    """One person at a browser, one client, and the server between them."""

    world: World
    client: Client
    secret: str | None
    user: User
    http: httpx.AsyncClient
    session: Session | None = None
    cookie: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    async def sign_in(self) -> None:
        """As the sign-in page does: a new session in place of the old."""
        replaces = self.session.id if self.session else None
        self.session, secret = await start(
            self.world, self.user, acr=self.world.settings.assurance, amr=("pwd",), replaces=replaces
        )
        self.cookie = f"{cookie_name(self.world.settings, SESSION)}={secret}"

    async def get(self, parameters: Mapping[str, str] | str) -> httpx.Response:
        """GET the authorization endpoint, or a path."""
        url = parameters if isinstance(parameters, str) else f"/oauth2/authorize?{urlencode(parameters)}"
        return await self.http.get(url, headers={"cookie": self.cookie} if self.cookie else {})

    async def decide(self, consent_page: httpx.Response, decision: str = "allow") -> httpx.Response:
        """Press a button of the consent page."""
        assert consent_page.status_code == 200, consent_page.text
        action = re.search(r'action="([^"]+)"', consent_page.text)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', consent_page.text))
        assert action
        return await self.http.post(
            action[1].replace("&amp;", "&"),
            data={**hidden, "decision": decision},
            headers={"cookie": self.cookie, "origin": self.world.settings.public_url},
        )

    async def code(self, **changes: str | None) -> str:
        """A code, by asking and, where asked, allowing."""
        response = await self.get(asking(self.client, **changes))
        if response.status_code == 200:
            response = await self.decide(response)
        return answered(response)["code"]

    async def token(self, headers: Mapping[str, str] | None = None, **parameters: str | None) -> httpx.Response:
        """POST the token endpoint as this client, with some parameters changed or (None) left out."""
        form: dict[str, str | None] = {"grant_type": "authorization_code"}
        if self.secret is None:
            form["client_id"] = self.client.client_id
        if parameters.get("grant_type", "authorization_code") == "authorization_code":
            form |= {"redirect_uri": self.client.redirect_uris[0], "code_verifier": VERIFIER}
        form |= parameters
        own = basic(self.client, self.secret) if self.secret is not None else {}
        data = {name: value for name, value in form.items() if value is not None}
        return await self.http.post("/oauth2/token", data=data, headers={**own, **(headers or {})})


@asynccontextmanager
async def party(world: World, **client: object) -> AsyncIterator[Party]:
    """A signed-in person and a registered client; confidential at CALLBACK unless said otherwise."""
    registration: dict[str, object] = {"client_name": "Books", "redirect_uris": (CALLBACK,), **client}
    made, secret = await register(world, **registration)  # type: ignore[arg-type]  # a test's own words
    user = await create_user(world, username="ann", name="Ann Lee", email="ann@example.com")
    async with http(world) as browser:
        one = Party(world, made, secret, user, browser)
        await one.sign_in()
        yield one


def with_step_removed(name: str) -> House:
    """The house without one step of the pipeline: what a planted weakness is."""
    whole = house()
    return replace(whole, steps=tuple(step for step in whole.steps if step.name != name))
