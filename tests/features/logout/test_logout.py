"""Signing out: asked first, then the session and what hangs on it end."""

from __future__ import annotations

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.secret import digest
from doorward.domain.credentials.flow import enrol
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.sessions.records import SESSIONS
from doorward.features import logout
from doorward.ports import World
from tests.web.browser import Browser, app_of

pytestmark = pytest.mark.anyio
PASSPHRASE = "a quiet walk by the river"


@pytest.fixture
async def browser(world: World) -> Browser:
    await enrol(world, username="ann", password=PASSPHRASE, name="Ann")
    _, secret = await lifecycle.sign_in(world, "ann", PASSPHRASE)
    browser = Browser(app_of(world, logout.FEATURE))
    browser.client.cookies.set("__Host-doorward", secret, domain="auth.example.com", path="/")
    return browser


async def alive(browser: Browser, world: World) -> bool:
    secret = browser.client.cookies.get("__Host-doorward")
    return secret is not None and await world.storage.find(SESSIONS, digest=digest(secret)) is not None


async def test_asking_ends_nothing(browser: Browser, world: World) -> None:
    assert 'id="logout-confirm"' in (await browser.get("/logout")).text
    assert await alive(browser, world)


async def test_sign_out(browser: Browser, world: World) -> None:
    secret = browser.client.cookies["__Host-doorward"]
    answer = await browser.send("/logout", {})
    assert "You are signed out" in answer.text
    assert "__Host-doorward" not in browser.client.cookies
    assert await world.storage.find(SESSIONS, digest=digest(secret)) is None
    (event,) = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "session.end"]
    assert event.actor.startswith("user:")


async def test_signing_out_twice_is_no_error(browser: Browser) -> None:
    fields = {"form_token": ""}
    page = await browser.get("/logout")
    fields["form_token"] = page.text.split('name="form_token" value="')[1].split('"')[0]
    secret = browser.client.cookies["__Host-doorward"]
    await browser.post("/logout", fields)
    browser.client.cookies.set("__Host-doorward", secret, domain="auth.example.com", path="/")
    answer = await browser.post("/logout", fields)
    assert answer.status_code == 200


async def test_who_is_not_signed_in_is_told_so(world: World) -> None:
    answer = await Browser(app_of(world, logout.FEATURE)).get("/logout")
    assert "You are signed out" in answer.text
