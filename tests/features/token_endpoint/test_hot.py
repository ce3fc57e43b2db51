"""The bare endpoint of `/oauth2/token`: the same answer as the route's, and every refusal is the route's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from doorward.app import Application, assemble
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.oauth.client import Client
from doorward.domain.accounts.reads import subject
from doorward.domain.clients.flow import register, rotate_secret
from doorward.domain.lifecycle.flow import disable_client, disable_service_account
from doorward.domain.roles.flow import undeclare
from doorward.domain.tokens.flow import verify_access_token
from doorward.ports import World
from doorward.web.application import Application as Web
from tests.administration import browser, furnish
from tests.oauth import basic

pytestmark = pytest.mark.anyio

PATH = "/oauth2/token"
API = "https://invoices.example.com"


@dataclass
class Robot:
    application: Application
    client: Client
    secret: str
    http: httpx.AsyncClient
    asked: list[str]

    @property
    def world(self) -> World:
        return self.application.world

    async def token(self, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
        sent = {"grant_type": "client_credentials", **form}
        self.asked.clear()
        return await self.http.post(PATH, data=sent, headers=headers or basic(self.client, self.secret))

    async def refused(self) -> list[str]:
        """Reasons on record of refused clients and token requests."""
        events = await self.world.storage.page(AUDIT_EVENTS, limit=1000)
        return [event.reason for event in events if event.action in ("client.refuse", "token.refuse")]


@pytest.fixture
async def robot(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Robot]:
    application, asked = await assemble(world), list[str]()
    await furnish(world)
    client, secret = await register(world, client_name="robot", grant_types=("client_credentials",))
    whole = Web.respond

    async def noted(self: Web, *args: object) -> None:
        asked.append(PATH)
        await whole(self, *args)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Web, "respond", noted)
    async with browser(application) as http:
        yield Robot(application, client, secret or "", http, asked)


async def test_a_token_is_given_without_the_rest_and_with_the_same_headers(robot: Robot) -> None:
    bare = await robot.token(scope="invoice:read", resource=API)
    assert robot.asked == []
    whole = await robot.token({**basic(robot.client, robot.secret), "origin": "https://x.example"}, resource=API)
    assert robot.asked == [PATH]
    assert (bare.status_code, whole.status_code) == (200, 200)
    differ = {"content-length", "x-request-id"}
    assert {k: v for k, v in bare.headers.items() if k not in differ} == {
        k: v for k, v in whole.headers.items() if k not in differ
    }
    assert bare.headers["x-request-id"].startswith("req_")
    assert (bare.json()["token_type"], bare.json()["scope"]) == ("Bearer", "invoice:read")
    token = await verify_access_token(robot.world, bare.json()["access_token"], audience=API)
    assert (token.client_id, token.scope) == (robot.client.client_id, ("invoice:read",))


async def test_every_refusal_is_the_routes_and_is_recorded_once(robot: Robot) -> None:
    wrong = basic(robot.client, robot.secret[:-1] + "x")
    expected: list[str] = []
    for request, status, error, reason in (
        (robot.token(wrong), 401, "invalid_client", "client.refused"),
        (robot.token({"authorization": "Basic !"}), 401, "invalid_client", "client.malformed"),
        (robot.token(scope="openid"), 400, "invalid_scope", "scope.none"),
        (robot.token(resource="https://other"), 400, "invalid_target", "resource.unknown"),
        (robot.token(grant_type="password"), 400, "unsupported_grant_type", "grant_type.unknown"),
        (robot.token(client_secret="x"), 400, "invalid_request", "client.two_methods"),
    ):
        answer = await request
        assert robot.asked == [PATH]
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert reason in answer.json()["reason"]
        expected.append(reason)
        assert sorted(await robot.refused()) == sorted(expected)


async def test_a_client_may_use_only_its_grants(robot: Robot) -> None:
    other, secret = await register(
        robot.world,
        client_name="app",
        redirect_uris=("https://app.example.com/cb",),
        grant_types=("authorization_code",),
    )
    answer = await robot.token(basic(other, secret or ""))
    assert answer.json()["error"] == "unauthorized_client"


async def test_what_has_ended_is_not_remembered(robot: Robot) -> None:
    assert (await robot.token(resource=API)).status_code == 200
    old, robot.secret = robot.secret, await rotate_secret(robot.world, robot.client.client_id)
    assert (await robot.token(basic(robot.client, old))).status_code == 401
    assert (await robot.token(resource=API)).status_code == 200
    await undeclare(robot.world, API)
    assert (await robot.token(resource=API)).json()["error"] == "invalid_target"
    account = await subject(robot.world, f"service_account:{robot.client.service_account}")
    await disable_service_account(robot.world, account)  # type: ignore[arg-type]  # a service account
    assert (await robot.token()).json()["error"] == "unauthorized_client"


async def test_a_disabled_client_is_refused_at_once(robot: Robot) -> None:
    assert (await robot.token()).status_code == 200
    await disable_client(robot.world, robot.client)
    assert (await robot.token()).status_code == 401


async def test_a_body_in_pieces_and_one_too_long(robot: Robot) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"grant_type=client"
        yield b"_credentials"

    headers = {**basic(robot.client, robot.secret), "content-type": "application/x-www-form-urlencoded"}
    assert (await robot.http.post(PATH, content=pieces(), headers=headers)).status_code == 200
    assert robot.asked == []
    long = b"grant_type=client_credentials&x=" + b"x" * robot.world.settings.max_body
    assert (await robot.http.post(PATH, content=long, headers=headers)).status_code == 413
