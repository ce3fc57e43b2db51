"""From the sign-in page to the client by redirects alone: the page's form may lead to that client and nowhere else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from doorward.core.oauth.client import Client
from doorward.domain.clients.flow import register
from doorward.domain.credentials.flow import enrol
from doorward.domain.signing_keys.flow import ensure
from doorward.features import FEATURES
from doorward.testing import FakeClock, open_world
from tests.oauth import asking
from tests.web.browser import Browser, app_of, form_in

pytestmark = pytest.mark.anyio
PASSPHRASE = "a quiet walk by the river"
CALLBACK = "https://app.example.com:8443/callback"


@asynccontextmanager
async def place(path: Path, clock: FakeClock, **registration: object) -> AsyncIterator[tuple[Browser, Client]]:
    world = await open_world(path / "doorward.db", clock=clock)
    try:
        await ensure(world)
        await enrol(world, username="ann", password=PASSPHRASE)
        asked: dict[str, object] = {"client_name": "Ours", "redirect_uris": (CALLBACK,), "first_party": True}
        client, _ = await register(world, **asked | registration)  # type: ignore[arg-type]  # a test's own words
        yield Browser(app_of(world, *FEATURES)), client
    finally:
        await world.storage.close()


async def sent_to_sign_in(browser: Browser, client: Client, **changes: str) -> str:
    """The sign-in page's address, as the authorization endpoint gives it."""
    answer = await browser.get(f"/oauth2/authorize?{urlencode(asking(client, **changes))}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?")
    return answer.headers["location"]


def form_action(response: httpx.Response) -> str:
    found = re.search(r"form-action ([^;]*);", response.headers["content-security-policy"])
    assert found
    return found[1]


async def follow(browser: Browser, response: httpx.Response) -> httpx.Response:
    """Go on while redirects stay on this host, as a client that reads no HTML does."""
    while response.headers.get("location", "").startswith("/"):
        assert response.status_code == 303
        response = await browser.get(response.headers["location"])
    return response


async def test_signing_in_answers_with_redirects_up_to_the_client(tmp_path: Path, clock: FakeClock) -> None:
    async with place(tmp_path, clock) as (browser, client):
        login = await sent_to_sign_in(browser, client)
        assert form_action(await browser.get(login)) == "'self' https://app.example.com:8443"
        refused = await browser.send(login, {"username": "ann", "password": "wrong"})
        assert refused.status_code == 403
        assert form_action(refused) == "'self' https://app.example.com:8443"
        target, hidden = form_in(refused.text)
        answer = await browser.post(target, hidden | {"username": "ann", "password": PASSPHRASE})
        end = await follow(browser, answer)
        assert end.status_code == 303
        assert end.headers["location"].startswith(f"{CALLBACK}?code=")
        assert "refresh" not in end.headers


async def test_a_client_whose_callback_sends_people_home(tmp_path: Path, clock: FakeClock) -> None:
    async with place(tmp_path, clock, client_uri="https://www.example.com/start") as (browser, client):
        login = await sent_to_sign_in(browser, client, prompt="consent")
        both = "'self' https://app.example.com:8443 https://www.example.com"
        assert form_action(await browser.get(login)) == both
        consent = await follow(browser, await browser.send(login, {"username": "ann", "password": PASSPHRASE}))
        assert form_action(consent) == both


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}])
async def test_proving_it_once_more_leads_on_too(tmp_path: Path, clock: FakeClock, changes: dict[str, str]) -> None:
    async with place(tmp_path, clock) as (browser, client):
        await browser.send("/login", {"username": "ann", "password": PASSPHRASE})
        clock.advance(5)
        login = await sent_to_sign_in(browser, client, **changes)
        shown = await browser.get(login)
        assert "Confirm it’s you" in shown.text
        assert form_action(shown) == "'self' https://app.example.com:8443"
        end = await follow(browser, await browser.send(login, {"username": "ann", "password": PASSPHRASE}))
        assert end.headers["location"].startswith(f"{CALLBACK}?code=")


@pytest.mark.parametrize(
    "registered, asked, source",
    [
        ("http://127.0.0.1/cb", "http://127.0.0.1:4711/cb", "http://127.0.0.1:4711"),
        ("http://localhost:3000/cb", "http://localhost:3001/cb", "http://localhost:3001"),
        ("http://[::1]/cb", "http://[::1]:4711/cb", "http:"),
        ("com.example.app:/cb", "com.example.app:/cb", "com.example.app:"),
    ],
)
async def test_programs_on_the_own_machine(
    tmp_path: Path, clock: FakeClock, registered: str, asked: str, source: str
) -> None:
    public = {"redirect_uris": (registered,), "token_endpoint_auth_method": "none"}
    async with place(tmp_path, clock, **public) as (browser, client):
        login = await sent_to_sign_in(browser, client, redirect_uri=asked)
        assert form_action(await browser.get(login)) == f"'self' {source}"
        consent = await follow(browser, await browser.send(login, {"username": "ann", "password": PASSPHRASE}))
        assert "consent-allow" in consent.text


async def test_without_the_seal_for_this_way_on_it_stays_here(tmp_path: Path, clock: FakeClock) -> None:
    async with place(tmp_path, clock) as (browser, client):
        query = dict(parse_qsl(urlsplit(await sent_to_sign_in(browser, client)).query))
        other = dict(parse_qsl(urlsplit(await sent_to_sign_in(browser, client, state="other")).query))
        mac = query["onward"].partition(".")[0]
        for changes in (
            {"onward": ""},
            {"onward": "https://app.example.com:8443"},
            {"onward": f"{mac}.https://evil.example"},
            {"onward": f"{mac}.https://app.example.com:8443 https://evil.example"},
            {"onward": other["onward"]},
            {"next": "/account"},
            {"next": "https://evil.example/"},
        ):
            shown = await browser.get(f"/login?{urlencode(query | changes)}")
            assert form_action(shown) == "'self'"
            assert "onward" not in form_in(shown.text)[1]
        fields = form_in((await browser.get(f"/login?{urlencode(query)}")).text)[1] | {
            "username": "ann",
            "password": "x",
        }
        refused = await browser.post("/login", fields | {"onward": other["onward"]})
        assert form_action(refused) == "'self'"
