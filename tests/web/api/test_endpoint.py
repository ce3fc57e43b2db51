"""Operations over HTTP: strict decoding, the caller on record, and cookies only from the same origin."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest
from starlette.requests import Request

from doorward.core.principal import Principal
from doorward.core.secret import new_secret
from doorward.ports import World
from doorward.web.api import docs
from doorward.web.cookies import session_secret
from doorward.web.route import Operation, Secret
from tests.web.browser import Browser, app_with, nobody

pytestmark = pytest.mark.anyio
OURS = {"origin": "https://auth.example.com"}


class Part(msgspec.Struct, forbid_unknown_fields=True):
    size: int = 1


class Put(msgspec.Struct, forbid_unknown_fields=True):
    """A thing."""

    id: str
    count: int
    kind: Literal["a", "b"] = "a"
    secret: Secret = ""
    part: Part | None = None


class Get(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    verbose: bool = False
    tags: list[str] = []
    limit: int | None = None


class Thing(msgspec.Struct):
    id: str
    count: int = 0
    actor: str = ""


async def put(world: World, principal: Principal, call: Put) -> Thing:
    return Thing(call.id, call.count, f"{world.caller.actor} {world.caller.credential}")


async def get(world: World, principal: Principal, call: Get) -> Thing:
    return Thing(f"{call.id} {call.verbose} {call.tags} {call.limit}")


async def delete(world: World, principal: Principal, call: Get) -> None:
    return None


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation("thing.put", "PUT", "/api/v1/things/{id}", "Put a thing", "dw_thing:put", Put, Thing, put, status=201),
    Operation("thing.get", "GET", "/api/v1/things/{id}", "Show a thing", None, Get, Thing, get, "thing show", ("id",)),
    Operation("thing.delete", "DELETE", "/api/v1/things/{id}", "Delete it", "dw_thing:delete", Get, type(None), delete),
)


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(app_with(world, operations=OPERATIONS))


async def test_a_call(browser: Browser) -> None:
    answer = await browser.client.put("/api/v1/things/x", json={"count": 3})
    assert answer.status_code == 201
    assert answer.json() == {"id": "x", "count": 3, "actor": "user:usr_1 key_1"}


@pytest.mark.parametrize(
    "body, named, reason",
    [
        ({"count": "3"}, "`count`", "field.invalid"),
        ({}, "`count`", "field.invalid"),
        ({"count": 3, "cuont": 4}, "`cuont`", "field.unknown"),
        ({"count": 3, "id": "y"}, "`id`", "field.in_path"),
        ({"count": 3, "owner": "me"}, "`owner`", "field.unknown"),
        ({"count": 3, "part": {"size": "x"}}, "`part.size`", "field.invalid"),
        ({"count": 3, "part": {"other": 1}}, "other", "field.invalid"),
        ({"count": 3, "kind": "canary"}, "`kind`", "field.invalid"),
        ([1], "object", "body.malformed"),
        ("x", "object", "body.malformed"),
    ],
)
async def test_what_does_not_fit_is_named(browser: Browser, body: object, named: str, reason: str) -> None:
    answer = await browser.client.put("/api/v1/things/x", json=body)
    assert answer.status_code == 400
    assert named in answer.json()["detail"]
    assert answer.json()["reason"] == reason
    assert "canary" not in answer.text


async def test_a_near_miss_is_told(browser: Browser) -> None:
    answer = await browser.client.put("/api/v1/things/x", json={"cuont": 4})
    assert answer.json()["hint"] == "did you mean `count`?"
    answer = await browser.client.put("/api/v1/things/x", json={"zzz": 4})
    assert "`kind`" in answer.json()["hint"]


@pytest.mark.parametrize(
    "type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json"]
)
async def test_json_only(browser: Browser, type: str) -> None:
    answer = await browser.client.put(
        "/api/v1/things/x", content=b'{"count":1}', headers={"content-type": type} if type else {}
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[" * 100_000, b'{"count":1}x'])
async def test_not_json(browser: Browser, raw: bytes) -> None:
    answer = await browser.client.put("/api/v1/things/x", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["reason"] == "body.malformed"


@pytest.mark.parametrize(
    "query, expected",
    [("", "7 False [] None"), ("verbose=true&limit=3", "7 True [] 3"), ("tags=a&tags=b", "7 False ['a', 'b'] None")],
)
async def test_a_query_is_text(browser: Browser, query: str, expected: str) -> None:
    assert (await browser.get(f"/api/v1/things/7?{query}")).json()["id"] == expected


@pytest.mark.parametrize(
    "path", ["7?verbose=maybe", "7?verbose=true&verbose=true", "7?other=1", "x", "7?id=8", "7?limit=%FF", "7?limit="]
)
async def test_a_query_that_does_not_fit(browser: Browser, path: str) -> None:
    assert (await browser.get(f"/api/v1/things/{path}")).status_code == 400


async def test_nothing_to_say_is_204(browser: Browser) -> None:
    answer = await browser.client.delete("/api/v1/things/7")
    assert answer.status_code == 204
    assert answer.content == b""


async def test_nobody_is_told_before_the_body_is_read(world: World) -> None:
    browser = Browser(app_with(world, operations=OPERATIONS, authorize=nobody))
    answer = await browser.client.put("/api/v1/things/x", content=b"{", headers={"content-type": "application/json"})
    assert answer.status_code == 401
    assert answer.json()["reason"] == "credential.missing"


def by_cookie(world: World) -> Browser:
    async def session(world: World, request: Request, permission: str | None) -> Principal:
        return Principal((session_secret(request) and "user:by_cookie") or "user:by_header", "session")

    browser = Browser(app_with(world, operations=OPERATIONS, authorize=session))
    browser.client.cookies.set("__Host-doorward", new_secret("dws", bytes(32)), domain="auth.example.com")
    return browser


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({**OURS, "sec-fetch-site": "cross-site"}, 403),
        (OURS, 201),
        ({"sec-fetch-site": "same-origin"}, 201),
    ],
)
async def test_a_call_by_cookie_comes_from_here(world: World, headers: dict[str, str], status: int) -> None:
    answer = await by_cookie(world).client.put("/api/v1/things/x", json={"count": 1}, headers=headers)
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["actor"].startswith("user:by_cookie")


async def test_a_call_with_a_credential_does_not_use_the_cookie(world: World) -> None:
    answer = await by_cookie(world).client.put(
        "/api/v1/things/x", json={"count": 1}, headers={"authorization": "Bearer x"}
    )
    assert answer.json()["actor"].startswith("user:by_header")


async def test_the_description(browser: Browser) -> None:
    said = (await browser.get("/openapi.json")).json()
    assert said["openapi"].startswith("3.1")
    assert said["servers"] == [{"url": "https://auth.example.com"}]
    call = said["paths"]["/api/v1/things/{id}"]["put"]
    assert call["x-permission"] == "dw_thing:put"
    body = call["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"count", "kind", "secret", "part"}
    assert body["required"] == ["count"]
    assert body["additionalProperties"] is False
    shown = said["paths"]["/api/v1/things/{id}"]["get"]
    assert {(p["name"], p["in"]) for p in shown["parameters"]} == {
        ("id", "path"),
        ("verbose", "query"),
        ("tags", "query"),
        ("limit", "query"),
    }
    assert "204" in said["paths"]["/api/v1/things/{id}"]["delete"]["responses"]


async def test_the_description_is_written_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for it a thousand times keeps nobody else from being answered."""
    first = await browser.get("/openapi.json")
    page = await browser.get("/docs")
    monkeypatch.setattr(docs, "document", None)
    monkeypatch.setattr(docs, "fields_of", None)
    assert (await browser.get("/openapi.json")).content == first.content
    assert (await browser.get("/docs")).content == page.content


async def test_the_page_for_people(browser: Browser) -> None:
    page = (await browser.get("/docs")).text
    for text in ("/api/v1/things/{id}", "dw_thing:put", "doorward thing show"):
        assert text in page
