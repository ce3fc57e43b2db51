"""Introspection over HTTP: who is told, what, and who is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.instant import Seconds, to_unix
from doorward.core.oauth.client import Client
from doorward.core.secret import digest
from doorward.core.table import Delete, Put
from doorward.domain.accounts.records import USERS, User
from doorward.domain.clients.flow import register
from doorward.domain.clients.records import CLIENTS
from doorward.domain.signing_keys.flow import ensure
from doorward.domain.tokens import flow
from doorward.features import introspection
from doorward.ports import World
from doorward.testing import FakeClock
from tests.core.jose.keys import made
from tests.features.serving import serving

pytestmark = pytest.mark.anyio

API = "https://api.example"


@dataclass
class Place:
    """A user's token for API, issued to `app`; `api` speaks for API, `stranger` for another."""

    world: World
    token: str
    secrets: dict[str, str]

    async def ask(self, client: str, token: str | None = None, **more: str) -> httpx.Response:
        async with serving(self.world, [introspection.FEATURE]) as http:
            form = {"token": self.token if token is None else token, **more}
            return await http.post("/oauth2/introspect", data=form, auth=(client, self.secrets[client]))


@pytest.fixture
async def place(world: World) -> Place:
    await ensure(world, make=made)
    await world.storage.commit([Put(USERS, User("usr_1", "ann", "ann"))])
    secrets = {}
    for name, resource in (("app", None), ("api", API), ("stranger", API + "/v1")):
        _, secret = await register(
            world, client_name=name, client_id=name, grant_types=("client_credentials",), resource=resource
        )
        assert secret is not None
        secrets[name] = secret
    token, _ = await flow.access_token(
        world, subject="usr_1", client_id="app", scope=("invoice:read",), audience=API, acr="urn:x", amr=("pwd",),
        auth_time=world.clock.now(), organization="acme",
    )  # fmt: skip
    return Place(world, token, secrets)


async def test_the_tokens_client_and_its_audience_are_told(place: Place) -> None:
    now = to_unix(place.world.clock.now())
    answers = [await place.ask(client) for client in ("app", "api")]
    assert answers[0].json() == answers[1].json()
    said = answers[0].json()
    assert said.pop("jti").startswith("tok_")
    assert said == {
        "active": True, "scope": "invoice:read", "client_id": "app", "token_type": "Bearer", "exp": now + 600,
        "iat": now,
        "sub": "usr_1", "aud": API, "iss": place.world.settings.public_url, "acr": "urn:x", "amr": ["pwd"],
        "auth_time": now, "org_id": "acme",
    }  # fmt: skip
    assert answers[0].headers["cache-control"] == "no-store"
    assert answers[0].headers["content-type"] == "application/json"


@pytest.mark.spec("rfc7662#2.2")
async def test_anyone_else_sees_a_token_that_does_not_exist(place: Place) -> None:
    other = await place.ask("stranger")
    nothing = await place.ask("stranger", token="nonsense")
    assert (other.status_code, other.json()) == (200, {"active": False})
    assert other.content == nothing.content


async def test_the_secret_may_come_in_the_form(world: World, place: Place) -> None:
    secret = digest("s")
    client = Client("poster", "P", token_endpoint_auth_method="client_secret_post", secret_digest=secret, resource=API)
    await world.storage.commit([Put(CLIENTS, client)])
    async with serving(world, [introspection.FEATURE]) as http:
        form = {"token": place.token, "client_id": "poster", "client_secret": "s", "token_type_hint": "refresh_token"}
        assert (await http.post("/oauth2/introspect", data=form)).json()["active"] is True


@pytest.mark.spec("rfc7662#2.1.auth")
@pytest.mark.parametrize("auth", [None, ("api", "wrong"), ("unknown", "x"), ("", "")])
async def test_without_proof_nobody_is_told_anything(place: Place, auth: tuple[str, str] | None) -> None:
    async with serving(place.world, [introspection.FEATURE]) as http:
        answer = await http.post(
            "/oauth2/introspect", data={"token": place.token}, auth=auth or httpx.USE_CLIENT_DEFAULT
        )
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_client", "invalid_request"}
    assert "active" not in answer.json()


@pytest.mark.spec("rfc7662#2.1")
async def test_a_public_client_is_told_nothing_even_of_its_own_token(world: World, place: Place) -> None:
    await world.storage.commit([Put(CLIENTS, Client("spa", "S", token_endpoint_auth_method="none"))])
    token, _ = await flow.access_token(world, subject="usr_1", client_id="spa", scope=(), audience=API)
    async with serving(world, [introspection.FEATURE]) as http:
        answer = await http.post("/oauth2/introspect", data={"token": token, "client_id": "spa"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    events = await world.storage.page(AUDIT_EVENTS)
    refusals = [(event.target, event.reason) for event in events if event.action == "introspection.refuse"]
    assert refusals == [("client:spa", "client.public")]


async def test_the_dead_are_inactive(place: Place, clock: FakeClock) -> None:
    world = place.world
    (revoked, _), (orphan, _) = [
        await flow.access_token(world, subject=subject, client_id="app", scope=(), audience=API)
        for subject in ("usr_1", "usr_2")
    ]
    client = await world.storage.get(CLIENTS, "app")
    assert client is not None
    await flow.revoke(world, revoked, client)
    id_token = await flow.id_token(world, subject="usr_1", client_id="app")
    for token in (revoked, orphan, id_token, place.token + "A", "dw_key"):
        assert (await place.ask("app", token)).json() == {"active": False}
    assert (await place.ask("app")).json()["active"] is True
    clock.advance(Seconds(600))
    assert (await place.ask("app")).json() == {"active": False}


async def test_a_deleted_user_is_inactive_at_once(place: Place) -> None:
    await place.world.storage.commit([Delete(USERS, ("usr_1",))])
    assert (await place.ask("api")).json() == {"active": False}


@pytest.mark.parametrize("form", [{}, {"token": ""}, {"tok": "x"}])
async def test_a_request_without_a_token_is_malformed(place: Place, form: dict[str, str]) -> None:
    async with serving(place.world, [introspection.FEATURE]) as http:
        answer = await http.post("/oauth2/introspect", data=form or {"a": "b"}, auth=("api", place.secrets["api"]))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_parameter_twice_is_refused(place: Place) -> None:
    async with serving(place.world, [introspection.FEATURE]) as http:
        answer = await http.post(
            "/oauth2/introspect",
            content=f"token={place.token}&token=x",
            headers={"content-type": "application/x-www-form-urlencoded"},
            auth=("api", place.secrets["api"]),
        )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_token_is_never_taken_from_the_address(place: Place, method: str) -> None:
    async with serving(place.world, [introspection.FEATURE]) as http:
        answer = await http.request(method, "/oauth2/introspect", params={"token": place.token})
    assert answer.status_code == 405


async def test_no_browser_of_another_origin_may_ask(place: Place) -> None:
    async with serving(place.world, [introspection.FEATURE]) as http:
        answer: Any = await http.options(
            "/oauth2/introspect", headers={"origin": "https://app.example", "access-control-request-method": "POST"}
        )
    assert "access-control-allow-origin" not in answer.headers
