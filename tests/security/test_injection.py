"""Row 11: nothing that is sent or stored becomes script or markup: payloads in a real browser, with the CSP as shipped.

Full: TESTS_SECURITY=full.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
import uvicorn
from playwright.async_api import BrowserContext, Error, Page, Request, async_playwright

from doorward.core.outcome import keep
from doorward.core.table import Put
from doorward.domain.accounts.records import USERS
from doorward.domain.api_keys.records import API_KEYS
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.records import CONSENTS, Consent
from doorward.domain.sessions.records import SESSIONS
from doorward.ports import World
from doorward.web.page import _environment
from tests.security.figures import figures
from tests.security.scene import Scene, authorization, scene

CHROMIUM = Path("/usr/bin/chromium")
FULL = os.environ.get("TESTS_SECURITY") == "full"
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
)  # fmt: skip

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="NOT PROVEN HERE: /usr/bin/chromium is missing"),
]
Worlds = Callable[[], Awaitable[World]]

PAYLOADS = (
    "<script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=1">',
    "'><svg/onload='window.hit=1'>",
    '" autofocus onfocus="window.hit=1" x="',
    "' onmouseover='window.hit=1' x='",
    "javascript:window.hit=1",
    " javascript:window.hit=1",
    "data:text/html,<script>parent.hit=1</script>",
    "</title><script>window.hit=1</script>",
    "</textarea></select></option><script>window.hit=1</script>",
    "--><script>window.hit=1</script>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:window.hit=1'>",
    "<link rel=stylesheet href=//evil.example/x.css><style>*{background:url(//evil.example)}</style>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<form action=//evil.example><input name=password id=password><button id=login-submit>",
    "<a href='javascript:window.hit=1' id=login-submit>x</a>",
    "<math><mtext></mtext><mglyph><style></math><img src onerror=window.hit=1></style>",
    "<svg><animate onbegin=window.hit=1 attributeName=x dur=1s></svg>",
    "<details open ontoggle=window.hit=1>",
    "{{ 1337*1337 }}{% raw %}${1337*1337}#{1337*1337}<%= 1337*1337 %>",
    "{{ ''.__class__.__mro__ }}",
    "\r\nx-injected: 1\r\n\r\n<script>window.hit=1</script>",
    "%0d%0ax-injected:%201",
    "\u2028window.hit=1//",
    "+ADw-script+AD4-window.hit=1+ADw-/script+AD4-",
    "\x00<script>window.hit=1</script>",
    "&lt;script&gt;window.hit=1&lt;/script&gt;",
    "\ufeff\u202e<script>window.hit=1</script>",
    "<ScRiPt\x0c>window.hit=1</sCrIpT >",
)
FAST = ("\"'>" + PAYLOADS[0] + PAYLOADS[3] + PAYLOADS[20], PAYLOADS[1] + PAYLOADS[15] + PAYLOADS[22], PAYLOADS[5])

FOUND = """() => [
  window.hit ? 'executed' : '',
  ...[...document.querySelectorAll('script, iframe, object, embed, base, style, math, details, animate, svg, '
     + 'meta[http-equiv], form:not([action^="/"]), link:not([href^="/assets/"]), img:not([src^="/assets/"])')]
     .map(e => e.tagName),
  ...[...document.querySelectorAll('*')].flatMap(e => [...e.attributes].map(a => a.name))
     .filter(name => name.startsWith('on')),
  ...[...document.querySelectorAll('[href],[src],[action]')]
     .filter(e => !['http:', 'https:'].includes(new URL(e.href || e.src || e.action, location).protocol))
     .map(e => 'address of ' + e.tagName),
  ...[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i),
  document.body && document.body.innerText.includes('1787569') ? 'evaluated' : '',
].filter(x => x)"""


@dataclass
class Tally:
    """What was looked at, what was found, and after how many looks first."""

    tried: int = 0
    through: int = 0
    first: int = 0
    executed: int = 0
    last: str = ""

    async def look(self, page: Page, what: str) -> None:
        """Look at the page that is shown."""
        self.tried += 1
        try:
            found = await page.evaluate(FOUND)
        except Error as error:  # the payload may have navigated: that is an execution too
            found = [f"gone: {error.message[:80]}"]
        if found:
            self.through += 1
            self.first = self.first or self.tried
            self.executed += "executed" in found
            self.last = f"{what}: {found} at {page.url[:200]}"


@asynccontextmanager
async def served(world: World) -> AsyncIterator[Scene]:
    """A scene on a real server at a loopback address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        stage = await scene(replace(world, settings=replace(world.settings, public_url=url)))
        config = uvicorn.Config(stage.asgi, log_level="error", proxy_headers=False, lifespan="off")
        server = uvicorn.Server(config)
        listening.listen()
        running = asyncio.create_task(server.serve([listening]))
        try:
            yield stage
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def chromium(*, bypass_csp: bool = False) -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        yield await browser.new_context(bypass_csp=bypass_csp)
        await browser.close()


async def sign_in(context: BrowserContext, stage: Scene) -> None:
    await context.add_cookies([{"name": "doorward", "value": stage.secret, "url": stage.world.settings.public_url}])


PARAMETERS = (
    "next", "login_hint", "reauth", "done", "code", "error", "error_description", "state", "client_id", "scope",
    "redirect_uri", "response_type", "response_mode", "prompt", "nonce", "display", "ui_locales", "resource", "id",
)  # fmt: skip


def reflected(stage: Scene, payload: str) -> Iterator[str]:
    """Addresses that hold the payload wherever an address can: in every parameter of every page, and in the path."""
    everything = urlencode(dict.fromkeys(PARAMETERS, payload))
    part = quote(payload.replace("\x00", "").replace("\r\n", ""), safe="")
    for route in stage.routes:
        if route.method == "GET":
            path = "/".join(part if piece.startswith("{") else piece for piece in route.path.split("/"))
            yield f"{path}?{everything}"
    for path in (
        f"/{part}",
        f"/assets/{part}",
        f"/api/v1/users/{part}",
        f"/openapi.json?{everything}",
        f"/docs?{part}",
    ):
        yield path
    yield f"/login?login_hint={quote(payload)}&next={quote(payload)}"
    for name in ("client_id", "redirect_uri", "scope", "state", "prompt", "response_type", "code_challenge_method"):
        yield "/oauth2/authorize?" + urlencode(dict(parse_qsl(asked(stage))) | {name: payload})


async def store(stage: Scene, payload: str) -> None:
    """Put the payload into everything that is stored and shown, past all validation."""
    now, world = stage.world.clock.now(), stage.world
    sessions = [await world.storage.get(SESSIONS, one.id) for one in (stage.session, stage.other)]
    user = await world.storage.get(USERS, stage.ann.id)
    client = await world.storage.get(CLIENTS, "books")
    assert user is not None
    assert client is not None
    await world.commit(
        keep(
            None,
            Put(USERS, replace(user, name=payload, username=payload, email=payload)),
            Put(CLIENTS, replace(client, client_name=payload, client_uri=payload, redirect_uris=(callback(stage),))),
            Put(CONSENTS, Consent(stage.ann.id, "books", (payload,), now)),
            Put(API_KEYS, replace(stage.key, name=payload, hint=payload, scope=(payload,))),
            *(Put(SESSIONS, replace(one, agent=payload, address=payload)) for one in sessions if one),
        )
    )


def callback(stage: Scene) -> str:
    """The client's address: the same server by a name that is not its own, so that it answers 421."""
    return stage.world.settings.public_url.replace("127.0.0.1", "localhost") + "/callback"


def asked(stage: Scene) -> str:
    return authorization(redirect=callback(stage))


SHOWN = ("/account", "/account/password", "/account/api-keys", "/logout", "/login?reauth=1")
FORMS = (("/setup", False), ("/login", False), ("/account/password", True), ("/account/api-keys", True))
FILL = """payload => {
  const form = document.querySelector('main form');
  for (const field of form.querySelectorAll('input, select')) {
    if (field.name === 'form_token') continue;
    field.removeAttribute('maxlength'); field.removeAttribute('required'); field.type = 'text';
    if (field.tagName === 'SELECT') { const o = document.createElement('option'); o.value = payload; field.append(o); }
    field.value = payload;
  }
  HTMLFormElement.prototype.submit.call(form);
}"""


async def attack(stage: Scene, payloads: tuple[str, ...], *, bypass_csp: bool = False, enough: int = 0) -> Tally:
    """Send and store every payload everywhere and look at every page that comes of it; stop after `enough` finds."""
    tally, base = Tally(), stage.world.settings.public_url

    def noticed(request: Request) -> None:
        if not request.url.startswith((base, callback(stage).removesuffix("/callback"), "data:")):
            tally.through += 1
            tally.last = f"a request to {request.url}"

    async with chromium(bypass_csp=bypass_csp) as mine, chromium(bypass_csp=bypass_csp) as anonymous:
        await sign_in(mine, stage)
        for context in (mine, anonymous):
            context.on("request", noticed)
        signed_in, stranger = await mine.new_page(), await anonymous.new_page()
        for page in (signed_in, stranger):
            page.on("dialog", lambda dialog: dialog.dismiss())
        for payload in payloads:
            await store(stage, payload)
            for path in (*SHOWN, f"/oauth2/authorize?{asked(stage)}"):
                await signed_in.goto(base + path)
                await tally.look(signed_in, f"stored {payload!r}")
            for path in reflected(stage, payload):
                for page in (signed_in, stranger):
                    await page.goto(base + path)
                    await tally.look(page, f"reflected {payload!r}")
                    if not FULL:
                        break
            for path, own in FORMS:
                page = signed_in if own else stranger
                await page.goto(base + path)
                async with page.expect_navigation():
                    await page.evaluate(FILL, payload)
                await tally.look(page, f"form {payload!r}")
            if enough and tally.through >= enough:
                break
    return tally


async def test_nothing_is_executed_or_becomes_markup(worlds: Worlds) -> None:
    async with served(await worlds()) as stage:
        tally = await attack(stage, PAYLOADS if FULL else FAST)
    careless = await unescaped(worlds, bypass_csp=True)
    assert careless.executed
    assert not tally.through, tally.last
    figures.record(
        11, "script and markup", tally.tried, tally.through, f"nothing escaped, no CSP: after {careless.first}"
    )


async def test_the_policy_holds_where_escaping_does_not(worlds: Worlds) -> None:
    """With every template unescaped, the CSP as shipped still lets nothing run."""
    tally = await unescaped(worlds, bypass_csp=False)
    assert tally.through, "the planted weakness shows"
    figures.record(
        11, "script past the CSP alone", tally.tried, tally.executed, "the same, with the CSP bypassed: see above"
    )


async def unescaped(worlds: Worlds, *, bypass_csp: bool) -> Tally:
    environment: Any = _environment("")
    environment.autoescape = False
    environment.cache.clear()
    try:
        async with served(await worlds()) as stage:
            return await attack(stage, PAYLOADS[:2], bypass_csp=bypass_csp, enough=1)
    finally:
        environment.autoescape = True
        environment.cache.clear()


async def test_headers_are_not_split(worlds: Worlds) -> None:
    """Raw bytes in every place that ends up in a header: none adds one."""
    tried = 0
    async with served(await worlds()) as stage:
        host = stage.world.settings.public_url.removeprefix("http://")
        port = int(host.rpartition(":")[2])
        await store(stage, "x")
        for break_ in ("%0d%0a", "%0a", "%0d", "%e5%98%8d%e5%98%8a", "%E2%80%A8", "%00"):
            injected = f"{break_}x-injected:%201{break_}{break_}<script>"
            for path in (
                f"/login?next=/{injected}",
                f"/login?login_hint={injected}",
                f"/{injected}",
                f"/oauth2/authorize?{asked(stage).replace('state=s', 'state=' + injected)}",
                f"/oauth2/authorize?{asked(stage).replace('scope=openid', 'scope=' + injected)}",
                f"/assets/{injected}",
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(
                    f"GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: doorward={stage.secret}\r\n"
                    "connection: close\r\n\r\n".encode()
                )
                head = (await reader.read()).partition(b"\r\n\r\n")[0].lower()
                writer.close()
                tried += 1
                assert b"\nx-injected" not in head, path
                assert head.startswith(b"http/1.1 "), path
                assert b"http/1.1 500" not in head, path
    figures.record(11, "header splitting", tried, 0, "see tests of web.links.redirect")
