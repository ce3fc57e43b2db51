"""In a real browser: signing in leads on to the client by redirects, because the sign-in page's form may lead there."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright

from doorward.adapters import SystemClock
from doorward.core.oauth.client import Client
from doorward.core.settings import Settings
from doorward.domain.accounts.flow import create_user
from doorward.domain.clients.flow import register
from doorward.domain.credentials.flow import set_password
from doorward.domain.signing_keys.flow import ensure
from doorward.feature import collect
from doorward.features import FEATURES
from doorward.ports import World
from doorward.testing import open_world
from doorward.web.application import application
from tests.e2e.conftest import CHROMIUM, FLAGS, require
from tests.oauth import asking, nobody

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
PASSPHRASE = "a quiet walk by the river"


@dataclass
class Scene:
    """A browser's page, a server at `here`, and a client of ours at another origin, `elsewhere`."""

    page: Page
    world: World
    here: str
    elsewhere: str
    client: Client

    async def authorize(self, **changes: str) -> None:
        await self.page.goto(f"{self.here}/oauth2/authorize?{urlencode(asking(self.client, **changes))}")

    async def sign_in(self, password: str = PASSPHRASE) -> None:
        await self.page.fill("#username", "ann")
        await self.page.fill("#password", password)
        await self.page.click("#login-submit")

    async def arrived(self) -> None:
        await self.page.wait_for_url(re.compile(re.escape(self.elsewhere) + "&code=dwac_"), timeout=10_000)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    require(CHROMIUM, "Chromium (apt-get install chromium)")
    async with served(tmp_path) as (world, elsewhere, client), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Scene(await browser.new_page(), world, world.settings.public_url, elsewhere, client)
        await browser.close()


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[tuple[World, str, Client]]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    here = f"http://127.0.0.1:{listening.getsockname()[1]}"
    elsewhere = f"{here.replace('127.0.0.1', 'localhost')}/healthz?a=1;2"
    world = await open_world(path / "doorward.db", clock=SystemClock(), settings=Settings(public_url=here))
    await ensure(world)
    await set_password(world, await create_user(world, username="ann"), PASSPHRASE)
    client, _ = await register(world, client_name="Ours", redirect_uris=(elsewhere,), first_party=True)
    app = application(world, collect(FEATURES).routes(), (), authorize=nobody)  # type: ignore[arg-type]  # never called
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield world, elsewhere, client
    finally:
        server.should_exit = True
        await running
        await world.storage.close()


async def test_from_the_sign_in_page_to_the_client(scene: Scene) -> None:
    await scene.authorize(scope="openid", prompt="login")
    await scene.sign_in()
    await scene.arrived()


async def test_after_a_wrong_password_too(scene: Scene) -> None:
    await scene.authorize()
    await scene.sign_in("not the password of anybody")
    await scene.page.wait_for_selector("#error-summary")
    await scene.sign_in()
    await scene.arrived()


async def test_when_it_is_to_be_proven_once_more(scene: Scene) -> None:
    await scene.authorize()
    await scene.sign_in()
    await scene.arrived()
    await scene.authorize(max_age="0")
    assert "Confirm" in await scene.page.title()
    await scene.sign_in()
    await scene.arrived()


async def test_the_browser_stops_where_the_seal_is_missing(scene: Scene) -> None:
    """That the seal is what opens the way: without it the browser heeds `form-action 'self'` behind the form."""
    violations: list[str] = []
    scene.page.on("console", lambda message: violations.append(message.text))
    await scene.authorize()
    await scene.page.goto(re.sub(r"[?&]onward=[^&]*", "", scene.page.url))
    await scene.sign_in()
    async with asyncio.timeout(10):
        while not any("form-action" in text for text in violations):
            await scene.page.wait_for_timeout(20)
    assert scene.page.url.startswith(f"{scene.here}/login")


async def test_a_client_that_sends_people_home(scene: Scene) -> None:
    """A browser heeds `form-action` for the client's own redirects too, so its home page is among the sources."""
    async with forwarding() as port:
        callback, home = f"http://localhost:{port}/callback", f"http://127.0.0.1:{port}/home"
        scene.client, _ = await register(
            scene.world, client_name="Split", redirect_uris=(callback,), client_uri=home, first_party=True
        )
        await scene.authorize()
        await scene.sign_in()
        await scene.page.wait_for_url(home, timeout=10_000)


@asynccontextmanager
async def forwarding() -> AsyncIterator[int]:
    """A client whose callback answers with a redirect to its home page, at another origin."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        port = writer.get_extra_info("sockname")[1]
        onward = f"location: http://127.0.0.1:{port}/home\r\n" if b"/callback" in asked.splitlines()[0] else ""
        status = "303 See Other" if onward else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\n{onward}content-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
