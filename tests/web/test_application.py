"""What holds for every request: Host, method, path, headers, errors in the route's style, and a line in the log."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from doorward.core.errors import (
    Conflict,
    DoorwardError,
    Forbidden,
    InsufficientScope,
    Invalid,
    InvalidClient,
    InvalidGrant,
    InvalidToken,
    Misconfigured,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from doorward.ports import World
from doorward.web.application import base_url_fits
from doorward.web.errors import catalogue
from doorward.web.links import url
from doorward.web.route import CROSS_SITE, Errors, Route
from tests.web.browser import Browser, app_with
from tests.web.conftest import hello, whoami

pytestmark = pytest.mark.anyio


def raising(error: Exception):  # type: ignore[no-untyped-def]  # a handler like any other
    async def handle(world: World, request: Request) -> Response:
        raise error

    return handle


async def caller(world: World, request: Request) -> Response:
    who = world.caller
    return PlainTextResponse(f"{who.actor} {who.address} {who.agent} {who.request[:4]}")


async def failing(world: World, error: Exception, style: Errors = "problem") -> httpx.Response:
    return await Browser(app_with(world, Route("GET", "/x", raising(error), style))).get("/x")


@pytest.mark.spec("rfc6749#10.13")
async def test_a_route_and_its_headers(world: World) -> None:
    answer = await Browser(app_with(world, Route("GET", "/x", hello))).get("/x")
    assert answer.text == "hello"
    assert answer.headers["x-request-id"].startswith("req_")
    expected = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-store",
        "strict-transport-security": "max-age=63072000",
        "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert "camera=()" in answer.headers["permissions-policy"]


async def test_no_hsts_on_plain_http(world: World) -> None:
    plain = replace(world, settings=replace(world.settings, public_url="http://localhost:8080", dev=True))
    answer = await Browser(app_with(plain, Route("GET", "/x", hello)), "http://127.0.0.1:8080").get("/x")
    assert answer.status_code == 200
    assert "strict-transport-security" not in answer.headers


async def test_who_is_calling(world: World) -> None:
    browser = Browser(app_with(world, Route("GET", "/x", caller)), headers={"user-agent": "Firefox"})
    answer = await browser.get("/x", headers={"x-forwarded-for": "1.2.3.4", "x-request-id": "mine"})
    assert answer.text == "anonymous 203.0.113.7 Firefox req_"
    assert answer.headers["x-request-id"] != "mine"


async def test_a_trusted_proxy_is_believed(world: World) -> None:
    behind = replace(world, settings=replace(world.settings, trusted_proxies=("203.0.113.0/24",)))
    answer = await Browser(app_with(behind, Route("GET", "/x", caller))).get(
        "/x", headers={"x-forwarded-for": "9.9.9.9"}
    )
    assert " 9.9.9.9 " in answer.text


async def test_another_host_is_misdirected(world: World) -> None:
    app = app_with(world, Route("GET", "/x", hello), Route("GET", "/healthz", hello, "problem"))
    browser = Browser(app)
    for host in ("evil.example", "auth.example.com.evil.example", "auth.example.com:8443", ""):
        answer = await browser.get("/x", headers={"host": host, "x-forwarded-host": "auth.example.com"})
        assert answer.status_code == 421
    assert (await browser.get("/healthz", headers={"host": "10.0.0.7:8080"})).status_code == 200


@pytest.mark.spec("rfc9110#15.5.6")
async def test_methods(world: World) -> None:
    browser = Browser(app_with(world, Route("GET", "/x", hello), Route("POST", "/x", hello, "problem")))
    assert (await browser.client.head("/x")).status_code == 200
    answer = await browser.client.delete("/x")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert (await browser.client.options("/x")).status_code == 405
    assert (await browser.client.request("BREW", "/x", headers={"x-http-method-override": "POST"})).status_code == 405


async def test_nothing_there(world: World) -> None:
    browser = Browser(app_with(world, Route("GET", "/x", hello), Route("GET", "/y/{id}", hello)))
    page = await browser.get("/nope")
    assert page.status_code == 404
    assert "<h1>" in page.text
    problem = await browser.get("/nope", headers={"accept": "application/json"})
    assert problem.json()["code"] == "not_found"
    for path in ("/x/", "//x", "/X", "/y/", "/y/a/b", "/x%0A", "/x%0D", "/x%00", "/y/a%0A", "/y/%7F", "/%0A/x"):
        assert (await browser.get(path)).status_code == 404


async def test_a_fixed_path_comes_before_one_with_a_parameter(world: World) -> None:
    async def other(world: World, request: Request) -> Response:
        return PlainTextResponse("other")

    app = app_with(
        world, Route("GET", "/a/{id}/c", other), Route("GET", "/a/b/c", hello), Route("GET", "/{any}/b/c", other)
    )
    assert (await Browser(app).get("/a/b/c")).text == "hello"
    assert (await Browser(app).get("/a/x/c")).text == "other"


async def test_hot_paths_are_bare(world: World) -> None:
    async def bare(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"bare"})

    browser = Browser(app_with(world, hot={"/api/v1/check": bare}))
    answer = await browser.get("/api/v1/check")
    assert answer.text == "bare"
    assert "x-request-id" not in answer.headers
    assert (await browser.get("/api/v1/check", headers={"host": "evil.example"})).status_code == 421


async def test_mounted_under_a_path(world: World) -> None:
    under = replace(world, settings=replace(world.settings, public_url="https://auth.example.com/auth"))
    app = app_with(under, Route("GET", "/x", hello), Route("GET", "/.well-known/oauth-authorization-server", hello))
    for path in ("/auth/x", "/x", "/.well-known/oauth-authorization-server/auth"):
        assert (await Browser(app).get(path)).text == "hello"
    mounted = httpx.ASGITransport(app, root_path="/auth")
    async with httpx.AsyncClient(transport=mounted, base_url="https://auth.example.com") as client:
        assert (await client.get("/auth/x")).text == "hello"


async def test_a_problem_says_what_to_do(world: World) -> None:
    answer = await failing(world, Conflict("it is so", reason="name.taken", hint="take another"))
    said = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["type"] == url(world.settings, "/problems/conflict")
    assert (said["status"], said["code"], said["reason"], said["hint"]) == (
        409,
        "conflict",
        "name.taken",
        "take another",
    )
    assert said["request"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "error, status, code",
    [
        (InvalidGrant("no"), 400, "invalid_grant"),
        (Invalid("no"), 400, "invalid_request"),
        (Forbidden("no"), 403, "access_denied"),
        (Unauthenticated("no"), 401, "invalid_token"),
        (Throttled("no", retry_after=7), 429, "temporarily_unavailable"),
        (Unavailable("no"), 503, "temporarily_unavailable"),
        (DoorwardError("no"), 500, "server_error"),
    ],
)
async def test_oauth_errors(world: World, error: DoorwardError, status: int, code: str) -> None:
    answer = await failing(world, error, "oauth")
    assert answer.status_code == status
    assert answer.json()["error"] == code
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)


@pytest.mark.spec("rfc9110#15.5.2")
async def test_challenges(world: World) -> None:
    answer = await failing(world, InvalidClient("no"), "oauth")
    assert answer.headers["www-authenticate"].startswith("Basic ")
    for error in (InvalidToken('a "quoted" ä\nline'), InsufficientScope("no", hint="ask for it")):
        challenge = (await failing(world, error)).headers["www-authenticate"]
        assert challenge.startswith(f'Bearer realm="doorward", error="{error.code}"')
        assert challenge.isascii()
        assert "\n" not in challenge
    for style in ("page", "oauth", "problem"):
        said = (await failing(world, Unauthenticated("no"), style)).headers["www-authenticate"]
        assert said == 'Bearer realm="doorward"'


@pytest.mark.parametrize("style", ["page", "oauth", "problem"])
async def test_the_unexpected_is_an_id_that_is_in_the_log(
    world: World, style: Errors, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "doorward"):
        answer = await failing(world, RuntimeError("the private cause"), style)
    assert answer.status_code == 500
    id = answer.headers["x-request-id"]
    assert id in answer.text
    assert "private cause" not in answer.text
    logged = [json.loads(record.getMessage()) for record in caplog.records if "server_error" in record.getMessage()]
    assert logged[0]["request"] == id
    assert "the private cause" in logged[0]["exception"]


async def test_the_log_has_no_query(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "doorward"):
        await Browser(app_with(world, Route("GET", "/x", hello))).get("/x?code=canary")
    assert "canary" not in caplog.text


async def test_cors_answers_registered_origins_and_never_with_credentials(world: World) -> None:
    async def registered(world: World, origin: str) -> bool:
        return origin == "https://app.example"

    route = Route("POST", "/token", whoami, "oauth", cors=True)
    browser = Browser(app_with(world, route, origins=registered))
    for method in ("POST", "OPTIONS"):
        answer = await browser.client.request(method, "/token", headers={"origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["vary"] == "Origin"
        for origin in ("https://evil.example", "null", "https://app.example.evil.example"):
            refused = await browser.client.request(method, "/token", headers={"origin": origin})
            assert "access-control-allow-origin" not in refused.headers
    off = replace(world, settings=replace(world.settings, cors=False))
    answer = await Browser(app_with(off, route, origins=registered)).client.post(
        "/token", headers={"origin": "https://app.example"}
    )
    assert "access-control-allow-origin" not in answer.headers
    assert (
        "access-control-allow-origin"
        not in (
            await Browser(app_with(world, Route("POST", "/token", whoami, "oauth"), origins=registered)).client.post(
                "/token", headers={"origin": "https://app.example"}
            )
        ).headers
    )


async def test_an_answer_survives_that_its_reader_is_not_known(world: World) -> None:
    async def unanswered(world: World, origin: str) -> bool:
        raise Unavailable("the database does not answer")

    browser = Browser(app_with(world, Route("POST", "/token", whoami, "oauth", cors=True), origins=unanswered))
    answer = await browser.client.post("/token", headers={"origin": "https://app.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


async def test_what_is_refused_at_start(world: World) -> None:
    with pytest.raises(Misconfigured, match="names no form"):
        app_with(world, Route("POST", "/x", hello))
    with pytest.raises(Misconfigured, match="twice"):
        app_with(world, Route("GET", "/x", hello), Route("GET", "/x", hello))
    with pytest.raises(Misconfigured, match="public URL"):
        app_with(replace(world, settings=replace(world.settings, public_url="")))
    app_with(world, Route("POST", "/x", hello, form=CROSS_SITE))


@pytest.mark.parametrize(
    "bad", ["", "auth.example.com", "ftp://x", "https://", "https://x?y", "https://u@x", "https:///"]
)
def test_public_urls_that_do_not_fit(bad: str) -> None:
    assert not base_url_fits(bad)


def test_every_code_is_explained() -> None:
    explained = catalogue()
    assert {"invalid_grant", "not_found", "too_large", "misdirected", "server_error"} <= explained.keys()
    assert all(meaning for _, meaning in explained.values())


async def test_lifespan_and_web_sockets(world: World) -> None:
    app = app_with(world)
    sent: list[Any] = []
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    messages = iter([{"type": "websocket.connect"}])
    await app({"type": "websocket"}, receive, send)
    assert sent[-1]["type"] == "websocket.close"
