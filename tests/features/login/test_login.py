"""Signing in: a fresh session each time, the way on, and refusals that tell nothing."""

from __future__ import annotations

import re

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.secret import digest
from doorward.domain.credentials.flow import enrol
from doorward.domain.sessions.records import SESSIONS
from doorward.features import login
from doorward.features.login.rules import duration
from doorward.ports import World
from doorward.testing import FakeClock
from tests.web.browser import Browser, app_of, form_in

pytestmark = pytest.mark.anyio
PASSPHRASE = "a quiet walk by the river"
COOKIE = "__Host-doorward"


@pytest.fixture
async def browser(world: World) -> Browser:
    await enrol(world, username="ann", password=PASSPHRASE, name="Ann")
    return Browser(app_of(world, login.FEATURE))


async def sign_in(browser: Browser, page: str = "/login", **fields: str):  # type: ignore[no-untyped-def]  # a response
    return await browser.send(page, {"username": "ann", "password": PASSPHRASE} | fields)


async def test_sign_in(browser: Browser, world: World) -> None:
    answer = await sign_in(browser)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/account"
    cookie = answer.headers["set-cookie"]
    for attribute in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie
    session = await world.storage.find(SESSIONS, digest=digest(browser.client.cookies[COOKIE]))
    assert session is not None
    assert session.address == "203.0.113.7"


async def test_the_next_page_is_kept_byte_for_byte(browser: Browser) -> None:
    next = "/oauth2/authorize?client_id=c&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
    answer = await sign_in(browser, f"/login?next={next.replace('%', '%25').replace('&', '%26')}")
    assert answer.headers["location"] == next


@pytest.mark.parametrize("next", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
async def test_the_next_page_is_never_elsewhere(browser: Browser, next: str) -> None:
    assert (await sign_in(browser, f"/login?next={next}")).headers["location"] == "/account"
    assert (await sign_in(browser, "/login?reauth=1", next=next)).headers["location"] == "/account"
    shown = await browser.get("/login", params={"next": next})
    assert shown.headers["location"] == "/account"


async def test_who_is_signed_in_goes_on(browser: Browser) -> None:
    await sign_in(browser)
    assert (await browser.get("/login?next=/here")).headers["location"] == "/here"


async def test_proving_it_once_more(browser: Browser, world: World, clock: FakeClock) -> None:
    assert "Confirm" not in (await browser.get("/login?reauth=1")).text
    await sign_in(browser)
    before = browser.client.cookies[COOKIE]
    clock.advance(60)
    shown = await browser.get("/login?reauth=1&next=/here")
    assert "Confirm it’s you" in shown.text
    assert 'value="ann"' in shown.text
    answer = await sign_in(browser, "/login?reauth=1&next=/here")
    assert answer.headers["location"] == "/here"
    assert browser.client.cookies[COOKIE] != before
    assert await world.storage.find(SESSIONS, digest=digest(before)) is None
    wrong = await sign_in(browser, "/login?reauth=1&next=/here", password="wrong")
    assert "Confirm it’s you" in wrong.text
    assert form_in(wrong.text)[1]["next"] == "/here"


async def test_a_session_cookie_that_was_planted_is_replaced(browser: Browser) -> None:
    browser.client.cookies.set(COOKIE, "dws_planted", domain="auth.example.com")
    await sign_in(browser)
    assert browser.client.cookies.get(COOKIE, domain="auth.example.com", path="/") != "dws_planted"


@pytest.mark.parametrize(
    "fields",
    [{"password": "wrong"}, {"username": "nobody"}, {"username": ""}, {"password": ""}, {"username": "a\0b"}],
)
async def test_refusals_are_the_same(browser: Browser, fields: dict[str, str]) -> None:
    def bare(text: str) -> str:
        return re.sub(r'value="[^"]*"|req_\w+|autofocus|\s+', "", text)

    usual = await sign_in(browser, password="wrong")
    answer = await sign_in(browser, **fields)
    assert answer.status_code == usual.status_code == 403
    assert bare(answer.text) == bare(usual.text)
    assert COOKIE not in browser.client.cookies
    assert {name for name, _ in answer.headers.items()} == {name for name, _ in usual.headers.items()}


async def test_too_many_attempts(browser: Browser, world: World) -> None:
    for _ in range(world.settings.attempts_per_account):
        assert (await sign_in(browser, password="wrong")).status_code == 403
    answer = await sign_in(browser)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Too many attempts" in answer.text
    refused = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "sign_in.refuse"]
    assert len(refused) == world.settings.attempts_per_account + 1


async def test_hints_fill_in_and_are_escaped(browser: Browser) -> None:
    assert 'value="ann"' in (await browser.get("/login?login_hint=ann")).text
    assert "<script>" not in (await browser.get("/login?login_hint=<script>alert(1)</script>")).text


@pytest.mark.parametrize("seconds, text", [(1, "1 second"), (30, "30 seconds"), (60, "1 minute"), (61, "2 minutes")])
def test_duration(seconds: int, text: str) -> None:
    assert duration(seconds) == text
