"""In a real browser: an app without a server of its own gets its tokens by script; no other origin reads anything."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import uvicorn
from playwright.async_api import Page, async_playwright

from doorward.app import assemble, close, open_world
from doorward.core.oauth.client import Client
from doorward.core.settings import Settings
from doorward.domain.accounts.records import USERS
from doorward.domain.clients.flow import register
from doorward.domain.credentials.flow import enrol
from doorward.domain.lifecycle.flow import disable_client
from doorward.domain.sessions import flow as sessions
from doorward.ports import World
from doorward.web.cookies import SESSION
from tests.e2e.conftest import CHROMIUM, FLAGS, require
from tests.oauth import VERIFIER, asking
from tests.web.browser import form_in

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
REDEEM = """async ([url, form]) => {
    const answer = await fetch(url + "/oauth2/token", {method: "POST", body: new URLSearchParams(form)});
    return [answer.status, await answer.json()];
}"""
USERINFO = """async ([url, token]) => {
    const answer = await fetch(url + "/oauth2/userinfo", {headers: {authorization: "Bearer " + token}});
    return [answer.status, answer.headers.get("www-authenticate"), await answer.json()];
}"""
READ = """([url, init]) => fetch(url, init).then(answer => answer.text(), error => "refused: " + error.name)"""


@dataclass
class Scene:
    world: World
    url: str
    page: Page
    own: str
    client: Client

    async def code(self) -> str:
        """As ann's browser gets it: signed in, she allows what the client asks for."""
        user = await self.world.storage.page(USERS)
        _, secret = await sessions.start(self.world, user[0], acr="urn:doorward:password", amr=("pwd",))
        async with httpx.AsyncClient(base_url=self.url, cookies={SESSION: secret}) as http:
            asked = asking(self.client, scope="openid profile")
            consent = await http.get(f"/oauth2/authorize?{urlencode(asked)}")
            action, hidden = form_in(consent.text)
            allowed = await http.post(action, data=hidden | {"decision": "allow"}, headers={"origin": self.url})
        return parse_qs(urlsplit(allowed.headers["location"]).query)["code"][0]

    def form(self, code: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uris[0],
            "code": code,
            "code_verifier": VERIFIER,
        }


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    require(CHROMIUM, "Chromium (apt-get install chromium)")
    async with AsyncExitStack() as stack:
        world, url = await stack.enter_async_context(served(tmp_path))
        own = await stack.enter_async_context(bare())
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(browser.close)
        await enrol(world, username="ann", password="a quiet walk by the river", name="Ann")
        client, _ = await register(
            world, client_name="Single page", redirect_uris=(f"{own}/",), token_endpoint_auth_method="none"
        )
        yield Scene(world, url, await browser.new_page(), own, client)


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[tuple[World, str]]:
    """The whole server, as it is put together for `doorward serve`."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    world = await open_world(Settings(public_url=url, data=str(path), secret_key=secrets.token_urlsafe(32)))
    application = await assemble(world)
    server = uvicorn.Server(uvicorn.Config(application.asgi, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield world, url
    finally:
        server.should_exit = True
        await running
        await close(world)


@asynccontextmanager
async def bare() -> AsyncIterator[str]:
    """An origin with an empty page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}"


async def test_a_registered_origin_redeems_and_reads(scene: Scene) -> None:
    await scene.page.goto(scene.own)
    status, answer = await scene.page.evaluate(REDEEM, [scene.url, scene.form(await scene.code())])
    assert (status, answer["token_type"]) == (200, "Bearer")
    status, _, claims = await scene.page.evaluate(USERINFO, [scene.url, answer["access_token"]])
    assert (status, claims["name"]) == (200, "Ann")
    status, challenge, _ = await scene.page.evaluate(USERINFO, [scene.url, "wrong"])
    assert (status, "invalid_token" in challenge) == (401, True)
    status, refused = await scene.page.evaluate(REDEEM, [scene.url, scene.form("dwac_wrong")])
    assert (status, refused["error"]) == (400, "invalid_grant")
    for path in ("/.well-known/openid-configuration", "/oauth2/jwks"):
        assert "refused" not in await scene.page.evaluate(READ, [scene.url + path, {}])


async def test_no_other_origin_reads_anything(scene: Scene) -> None:
    async with bare() as stranger:
        await scene.page.goto(stranger)
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = {"method": "POST", "body": urlencode(scene.form("dwac_wrong")), "headers": form}
        for path, init in (
            ("/oauth2/token", body),
            ("/oauth2/userinfo", {"headers": {"authorization": "Bearer x"}}),
            ("/oauth2/jwks", {}),
            ("/.well-known/openid-configuration", {}),
        ):
            assert await scene.page.evaluate(READ, [scene.url + path, init]) == "refused: TypeError"


async def test_a_disabled_client_s_origin_is_a_stranger_at_once(scene: Scene) -> None:
    await scene.page.goto(scene.own)
    assert "refused" not in await scene.page.evaluate(READ, [scene.url + "/oauth2/jwks", {"cache": "no-store"}])
    await disable_client(scene.world, scene.client)
    assert "refused" in await scene.page.evaluate(READ, [scene.url + "/oauth2/jwks", {"cache": "no-store"}])


async def test_pages_are_read_by_nobody(scene: Scene) -> None:
    await scene.page.goto(scene.own)
    for path in ("/oauth2/authorize", "/login", "/account", "/api/v1/users", "/oauth2/introspect"):
        assert await scene.page.evaluate(READ, [scene.url + path, {"credentials": "include"}]) == "refused: TypeError"
