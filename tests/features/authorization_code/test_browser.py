"""In a real browser: signing in leads on to the client, although the sign-in page's form may go to this host only."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from urllib.parse import urlencode

import pytest
import uvicorn
from playwright.async_api import async_playwright

from doorward.adapters import SystemClock
from doorward.core.settings import Settings
from doorward.domain.accounts.flow import create_user
from doorward.domain.clients.flow import register
from doorward.domain.credentials.flow import set_password
from doorward.domain.signing_keys.flow import ensure
from doorward.feature import collect
from doorward.features import FEATURES
from doorward.testing import open_world
from doorward.web.application import application
from tests.e2e.conftest import CHROMIUM, FLAGS, require
from tests.oauth import asking, nobody

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
PASSPHRASE = "a quiet walk by the river"


async def test_from_the_sign_in_page_to_the_client(tmp_path: Path) -> None:
    require(CHROMIUM, "Chromium (apt-get install chromium)")
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    here = f"127.0.0.1:{listening.getsockname()[1]}"
    elsewhere = f"http://{here.replace('127.0.0.1', 'localhost')}/healthz?a=1;2"
    world = await open_world(
        tmp_path / "doorward.db", clock=SystemClock(), settings=Settings(public_url=f"http://{here}")
    )
    await ensure(world)
    await set_password(world, await create_user(world, username="ann"), PASSPHRASE)
    client, _ = await register(world, client_name="Ours", redirect_uris=(elsewhere,), first_party=True)
    app = application(world, collect(FEATURES).routes(), (), authorize=nobody)  # type: ignore[arg-type]  # never called
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await browser.new_page()
            asked = asking(client, scope="openid", prompt="login")
            await page.goto(f"http://{here}/oauth2/authorize?{urlencode(asked)}")
            await page.fill("#username", "ann")
            await page.fill("#password", PASSPHRASE)
            await page.click("#login-submit")
            await page.wait_for_url(f"{elsewhere}&code=dwac_*")
            await browser.close()
    finally:
        server.should_exit = True
        await running
        await world.storage.close()
