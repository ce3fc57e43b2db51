"""Row 17: whatever a request says of its host, every address in an answer is the public URL's.

Full: TESTS_SECURITY=full."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from doorward.app import assemble
from doorward.core.settings import Settings
from doorward.ports import World
from doorward.web.application import application
from doorward.web.route import Route
from tests.security.figures import figures
from tests.security.scene import PASSPHRASE, Scene, authorization, scene
from tests.web.browser import nobody

pytestmark = pytest.mark.anyio
Worlds = Callable[[], Awaitable[World]]
EVIL = "evil.example"
HERE = "https://auth.example.com"
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+|(?<![:\w])//[\w.-]+\.example[^\s\"'<>]*")
_FOREIGN_ON_PURPOSE = ("https://books.example", "https://api.example.com")
FULL = os.environ.get("TESTS_SECURITY") == "full"

HOSTS = (
    EVIL,
    f"{EVIL}:443",
    f"auth.example.com.{EVIL}",
    f"auth.example.com@{EVIL}",
    f"auth.example.com:443@{EVIL}",
    f"auth.example.com, {EVIL}",
    f"{EVIL}/auth.example.com",
    f"{EVIL}#auth.example.com",
    "auth.example.com:8443",
    "auth.example.com.",
    " auth.example.com",
    "127.0.0.1",
    "localhost",
    "[::1]",
    "",
)
FORWARDED = (
    ("x-forwarded-host", EVIL),
    ("x-forwarded-host", f"auth.example.com, {EVIL}"),
    ("X-Forwarded-Host", EVIL),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-scheme", "http"),
    ("x-forwarded-port", "6666"),
    ("x-forwarded-prefix", f"//{EVIL}"),
    ("x-forwarded-server", EVIL),
    ("x-forwarded-for", EVIL),
    ("x-original-host", EVIL),
    ("x-original-url", f"https://{EVIL}/"),
    ("x-rewrite-url", f"https://{EVIL}/"),
    ("x-host", EVIL),
    ("x-http-host-override", EVIL),
    ("forwarded", f"host={EVIL};proto=http"),
    ("forwarded", f'for=1.2.3.4;host="{EVIL}:80"'),
    ("via", f"1.1 {EVIL}"),
    ("referer", f"https://{EVIL}/"),
    ("script-name", f"//{EVIL}"),
    ("x-script-name", f"//{EVIL}"),
    ("front-end-https", "off"),
)


def spellings() -> Iterator[list[tuple[str, str]]]:
    """The header lists of one request."""
    for host in HOSTS:
        yield [("host", host)]
        yield [("host", host), ("x-forwarded-host", "auth.example.com")]
    for name, value in FORWARDED:
        yield [("host", "auth.example.com"), (name, value)]
        yield [("host", EVIL), (name, "auth.example.com")]
    yield [("host", "auth.example.com"), ("host", EVIL)]
    yield [("host", EVIL), ("host", "auth.example.com")]
    yield [("host", "auth.example.com"), *FORWARDED]


async def raw(app: Any, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"") -> httpx.Response:
    """Exactly these headers, which a client library would tidy up."""
    sent: list[dict[str, Any]] = []
    target, _, query = path.partition("?")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": target, "raw_path": target.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("203.0.113.7", 1), "server": ("10.0.0.7", 8080),
    }  # fmt: skip
    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)


def strangers(answer: httpx.Response) -> list[str]:
    """The addresses in an answer that are not below the public URL, and any trace of the host that was sent."""
    text = "\n".join([*(f"{name}: {value}" for name, value in answer.headers.items()), answer.text])
    found = [address for address in _ADDRESS.findall(text) if not ours(address)]
    return found + ([EVIL] if EVIL in text else [])


def ours(address: str) -> bool:
    address = address.rstrip(".,;)&")
    return address == HERE or address.startswith((f"{HERE}/", *_FOREIGN_ON_PURPOSE)) or "www.w3.org" in address


def flows(stage: Scene) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Every GET, what goes wrong, and the posts that answer with an address."""
    cookie = {"cookie": f"__Host-doorward={stage.secret}"}
    form = {"content-type": "application/x-www-form-urlencoded"}
    for route in stage.routes:
        path = re.sub(r"\{[^}]*\}", "not_found", route.path)
        if route.method == "GET":
            yield "GET", path, b"", {}
            yield "GET", path, b"", cookie
        else:
            yield "POST", path, b"username=ann&password=" + PASSPHRASE.replace(" ", "+").encode(), form
    for path in ("/openapi.json", "/docs", "/nope", "/login/", "//evil", f"/oauth2/authorize?{authorization()}"):
        yield "GET", path, b"", {}
        yield "GET", path, b"", cookie
    for operation in stage.house.operations:
        yield operation.method, re.sub(r"\{[^}]*\}", "x", operation.path), b"", {}
    yield "DELETE", "/login", b"", {}
    yield "POST", "/oauth2/authorize", authorization().encode(), form


async def ask(app: Any, stage: Scene) -> tuple[int, list[tuple[str, list[tuple[str, str]], list[str]]]]:
    tried, through = 0, []
    every = list(flows(stage))
    for number, spelling in enumerate(spellings()):
        for method, path, body, headers in every if FULL else every[number % 4 :: 4]:
            answer = await raw(app, method, path, [*spelling, *headers.items()], body)
            tried += 1
            if found := strangers(answer):
                through.append((f"{method} {path}", spelling, found))
    return tried, through


async def reflecting(world: World, request: Request) -> Response:
    """What a careless handler would do."""
    return PlainTextResponse(str(request.url))


async def test_no_address_is_taken_from_a_request(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = await scene(await worlds())
    tried, through = await ask(stage.asgi, stage)
    careless = application(stage.world, [Route("GET", "/x", reflecting)], [], authorize=nobody)
    fooled = [spelling for spelling in spellings() if EVIL in (await raw(careless, "GET", "/x", spelling)).text]
    assert fooled == [], "the check of Host holds where a handler is careless"
    with monkeypatch.context() as planted:
        planted.setattr("doorward.web.application.host_fits", lambda values, hosts: True)
        caught = 0
        for number, spelling in enumerate(spellings(), 1):
            if EVIL in (await raw(careless, "GET", "/x", spelling)).text:
                caught = number
                break
    assert caught
    figures.record(17, "host and forwarded headers", tried, len(through), f"Host not checked, caught after {caught}")


async def test_the_answers_are_worth_looking_at(worlds: Worlds) -> None:
    """With the right Host the same flows answer, and name the public URL."""
    stage = await scene(await worlds())
    named = 0
    for method, path, body, headers in flows(stage):
        answer = await raw(stage.asgi, method, path, [("host", "auth.example.com"), *headers.items()], body)
        assert answer.status_code != 421
        assert answer.status_code < 500, (method, path, answer.text)
        assert strangers(answer) == [], (method, path)
        named += HERE in answer.text or HERE in str(answer.headers)
    assert named > 20


async def test_cookies_are_for_this_host_alone(worlds: Worlds) -> None:
    stage = await scene(await worlds())
    for headers in (("x-forwarded-proto", "http"), ("x-forwarded-host", EVIL), ("x-forwarded-ssl", "off")):
        answer = await raw(stage.asgi, "GET", "/login", [("host", "auth.example.com"), headers])
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie
        assert "domain" not in cookie.lower()


async def test_under_a_path(worlds: Worlds) -> None:
    """The same where the public URL has a path: every address stays below it."""
    world = await worlds()
    below = replace(world, settings=replace(world.settings, public_url=f"{HERE}/auth"))
    app = (await assemble(below)).asgi
    for path in ("/auth/login", "/auth/account", "/auth/", "/auth/.well-known/openid-configuration", "/auth/nope"):
        answer = await raw(app, "GET", path, [("host", "auth.example.com"), ("x-forwarded-prefix", "/evil")])
        text = answer.text + str(answer.headers)
        assert "/evil" not in text
        for address in re.findall(r'(?:href|src|action)="([^"]*)"', answer.text) + _ADDRESS.findall(text):
            local = address.removeprefix(HERE)
            assert local.startswith(("/auth", "#")), (path, address)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
async def test_names_of_loopback_are_for_development_only(worlds: Worlds, name: str) -> None:
    world = await worlds()
    for dev, expected in ((True, 200), (False, 421)):
        settings: Settings = replace(world.settings, public_url="http://dev.example:8080", dev=dev)
        app = application(replace(world, settings=settings), [Route("GET", "/x", reflecting)], [], authorize=nobody)
        assert (await raw(app, "GET", "/x", [("host", f"{name}:8080")])).status_code == expected
        assert (await raw(app, "GET", "/x", [("host", f"{name}:9090")])).status_code == 421
