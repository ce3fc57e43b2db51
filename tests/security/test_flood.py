"""Whoever is refused without end leaves so many rows a minute and a number, and no refusal is let in for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest

from doorward.app import assemble
from doorward.core.audit import AUDIT_EVENTS, AuditEvent
from doorward.core.audit.refusals import EACH
from doorward.domain.accounts.flow import create_user
from doorward.domain.api_keys.flow import create as create_key
from doorward.domain.audit.flow import tell_left_out
from doorward.domain.clients.flow import register
from doorward.domain.credentials.flow import enrol
from doorward.ports import World
from doorward.testing import FakeClock
from tests.web.browser import form_in

pytestmark = pytest.mark.anyio

TRIES = 200
FORM = {"content-type": "application/x-www-form-urlencoded"}
Tried = Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]


async def events(world: World) -> list[AuditEvent]:
    found: list[AuditEvent] = []
    while page := await world.storage.page(AUDIT_EVENTS, after=(found[-1].id,) if found else None, limit=1000):
        found += page
    return found


def browser(world: World, asgi: object, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(asgi, client=(address, 50000))  # type: ignore[arg-type]  # an ASGI application
    return httpx.AsyncClient(transport=transport, base_url=world.settings.public_url)


def endpoint(path: str, **form: str) -> Tried:
    async def send(http: httpx.AsyncClient, number: int) -> httpx.Response:
        body = {"client_id": f"c{number}", "client_secret": "wrong", "grant_type": "client_credentials", **form}
        return await http.post(path, data=body)

    return send


async def bearer(http: httpx.AsyncClient, number: int) -> httpx.Response:
    return await http.get("/api/v1/users", headers={"authorization": f"Bearer dw_{number}"})


async def password(http: httpx.AsyncClient, number: int) -> httpx.Response:
    page = await http.get("/login")
    _, hidden = form_in(page.text)
    fields = hidden | {"username": f"u{number % 3}", "password": "wrong"}
    return await http.post("/login", data=fields, headers={"origin": str(http.base_url).rstrip("/")})


async def public(http: httpx.AsyncClient, number: int) -> httpx.Response:
    """Anybody may call themselves a public client, and be refused afterwards."""
    return await http.post("/oauth2/token", data={"client_id": "spa", "grant_type": f"g{number}"})


@pytest.mark.parametrize(
    "tried",
    [
        endpoint("/oauth2/token"),
        endpoint("/oauth2/introspect", token="x"),
        endpoint("/oauth2/revoke", token="x"),
        bearer,
        password,
        public,
    ],
    ids=["token", "introspect", "revoke", "bearer", "password", "public client"],
)
async def test_refusals_without_end(world: World, clock: FakeClock, tried: Tried) -> None:
    app = await assemble(world)
    await register(
        world, client_name="SPA", client_id="spa", redirect_uris=("https://spa.example/",),
        token_endpoint_auth_method="none",
    )  # fmt: skip
    await enrol(world, username="u0", password="a quiet walk by the river")
    before = len(await events(world))
    async with browser(world, app.asgi, "192.0.2.1") as http, browser(world, app.asgi, "192.0.2.2") as other:
        for number in range(TRIES):
            assert (await tried(http, number)).status_code in (400, 401, 403, 429)
        assert len(await events(world)) == before + EACH
        if tried is not public:
            await tried(other, 0)  # who comes from elsewhere is recorded all the same
            assert len(await events(world)) == before + EACH + 1
        clock.advance(60)
        await tell_left_out(world)
        told = [event for event in await events(world) if event.action == "refusal.leave_out"]
        assert [(event.target, event.data["count"]) for event in told] == [
            ("client:spa" if tried is public else "network:192.0.2.1", TRIES - EACH)
        ]
        assert (told[0].actor, told[0].outcome) == ("doorward", "ok")
        await tried(http, 0)
        kinds = Counter(event.outcome for event in await events(world))
        assert kinds["refused"] == EACH + (1 if tried is public else 2)


async def test_denials_of_one_caller_without_end(world: World) -> None:
    """A decision that is not recorded is not named: `doorward why` would know nothing of it."""
    app = await assemble(world)
    ann = await create_user(world, username="ann")
    _, secret = await create_key(world, owner=ann.subject, name="laptop")
    async with browser(world, app.asgi, "192.0.2.1") as http:
        answers = []
        for _ in range(TRIES):
            answer = await http.get("/api/v1/users", headers={"authorization": f"Bearer {secret}"})
            assert (answer.status_code, answer.json()["reason"]) == (403, "role.missing")
            answers.append(answer.json().get("decision", ""))
    kept = {event.decision for event in await events(world) if event.action == "call.refuse"}
    assert len(kept) == EACH
    assert set(answers[:EACH]) == kept
    assert not any(answers[EACH:])


async def test_what_changes_something_is_always_recorded(world: World) -> None:
    """The budget is spent, and a client is registered all the same, with its event."""
    for number in range(2 * EACH):
        assert world.refusals.admit("network:unknown", world.clock.now()) == (number < EACH)
    await register(world, client_name="App", client_id="app", redirect_uris=("https://app.example/",))
    assert [event.action for event in await events(world)] == ["client.create"]


async def test_the_end_of_a_process_tells_what_it_counted(world: World, clock: FakeClock) -> None:
    app = await assemble(world)
    async with browser(world, app.asgi, "192.0.2.1") as http:
        for number in range(EACH + 3):
            await bearer(http, number)
    await tell_left_out(world)  # the minute is not over
    assert not [event for event in await events(world) if event.action == "refusal.leave_out"]
    await tell_left_out(world, closing=True)
    [told] = [event for event in await events(world) if event.action == "refusal.leave_out"]
    assert told.data == {"count": 3}
