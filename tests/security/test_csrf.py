"""Row 10: no request that a page of ours did not send changes anything: forms, calls by cookie, other sites' frames.

Routes and operations are taken from the house, so a new one is attacked the day it is born; a new form must say in
FORMS how it is filled in, or the test of the forms fails.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest

from doorward.domain.lifecycle import flow as lifecycle
from doorward.ports import World
from doorward.web.api import endpoint
from doorward.web.route import CROSS_SITE, Operation, Route
from tests.security.figures import figures
from tests.security.scene import ANOTHER, COOKIE, PASSPHRASE, RESOURCE, Scene, authorization, changed, scene, state
from tests.web.browser import form_in

pytestmark = pytest.mark.anyio
Worlds = Callable[[], Awaitable[World]]
HERE = "https://auth.example.com"
OURS = {"origin": HERE, "sec-fetch-site": "same-origin"}
URLENCODED = "application/x-www-form-urlencoded"

FOREIGN: tuple[dict[str, str], ...] = (
    {"origin": "null"},
    {"origin": "https://evil.example"},
    {"origin": "http://auth.example.com"},
    {"origin": "https://auth.example.com.evil.example"},
    {"origin": "https://evil.example", "referer": HERE + "/account"},
    {"origin": "https://auth.example.com:8443"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": HERE, "sec-fetch-site": "cross-site"},
    {"origin": "null", "sec-fetch-site": "same-origin"},
)


@dataclass(frozen=True)
class Form:
    """How a form is filled in so that it changes something: the page that shows it, its action, and the fields."""

    page: str
    fields: Callable[[Scene], Mapping[str, str]] = lambda scene: {}
    signed_in: bool = True


CONSENT = f"/oauth2/authorize?{authorization()}"
FORMS: Mapping[str, Form] = {
    "/setup": Form("/setup", lambda s: {"code": s.code, "username": "mallory", "password": PASSPHRASE}, False),
    "/login": Form("/login", lambda s: {"username": "bob", "password": PASSPHRASE}, False),
    "/logout": Form("/logout"),
    "/account/sessions/end": Form("/account", lambda s: {"id": s.other.id}),
    "/account/consents/withdraw": Form("/account", lambda s: {"client": "books"}),
    "/account/api-keys/revoke": Form("/account", lambda s: {"id": s.key.id}),
    "/account/password": Form("/account/password", lambda s: {"current": PASSPHRASE, "password": ANOTHER}),
    "/account/api-keys": Form("/account/api-keys", lambda s: {"name": "x", "scope": "", "lifetime": "30"}),
    "/oauth2/consent": Form(CONSENT, lambda s: {"decision": "allow"}),
}


@dataclass
class Attack:
    """A request that must change nothing."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] | None = None
    json: object = None
    content: bytes | None = None

    async def send(self, client: httpx.AsyncClient) -> httpx.Response:
        how: dict[str, Any] = {"headers": dict(self.headers)}
        if self.data is not None:
            how["data"] = dict(self.data)
        elif self.content is not None:
            how["content"] = self.content
        elif self.json is not None:
            how["json"] = self.json
        return await client.request(self.method, self.path, **how)


async def opened(stage: Scene, route: Route) -> tuple[httpx.AsyncClient, str, dict[str, str]]:
    """The victim's browser with the form's page open: client, action and the fields with a true token."""
    form = FORMS[route.path]
    browser = stage.browser if form.signed_in else stage.anonymous()
    page = await browser.get(form.page)
    assert page.status_code == 200, (route.path, page.status_code, page.headers)
    action = next(found for found in re.findall(r'action="([^"]*)"', page.text) if found.startswith(route.path))
    target, hidden = form_in(page.text, action.replace("&amp;", "&"))
    return browser.client, target, hidden | dict(form.fields(stage))


async def on_forms(stage: Scene, route: Route, others: Mapping[str, str]) -> AsyncIterator[tuple[Any, Attack]]:
    """Every attack on one form, each with the browser that it is made in."""
    client, target, fields = await opened(stage, route)
    right, bare = fields, {name: value for name, value in fields.items() if name != "form_token"}
    for token in (None, "", "x", *others.values()):
        data = bare if token is None else bare | {"form_token": token}
        for headers in ({}, OURS):
            yield client, Attack("POST", target, headers, data)
    for headers in FOREIGN:
        yield client, Attack("POST", target, headers, right)
        yield client, Attack("POST", target, headers, bare)
    body = "&".join(f"{name}={httpx.QueryParams({name: value})[name]}" for name, value in right.items()).encode()
    for kind in ("text/plain", "multipart/form-data; boundary=x", "application/json", "text/html", ""):
        yield client, Attack("POST", target, OURS | ({"content-type": kind} if kind else {}), content=body)
    yield client, Attack("POST", target, OURS, json=right)
    yield client, Attack("POST", target, OURS | {"content-type": URLENCODED}, content=body + b"&form_token=x")
    query = f"{target}{'&' if '?' in target else '?'}{httpx.QueryParams(right)}"
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
        yield client, Attack(method, query, OURS)
        yield client, Attack(method, query + "&_method=POST", OURS | {"x-http-method-override": "POST"})
    yield client, Attack("POST", query, OURS, {})
    # the form's own token, in a browser that has another session, and in one that has none
    for secret in (None, stranger_secret(stage)):
        other = stage.anonymous()
        if secret is not None:
            other.client.cookies.set(COOKIE, secret, domain="auth.example.com", path="/")
        yield other.client, Attack("POST", target, OURS, right)


_STRANGERS: dict[int, str] = {}


def stranger_secret(stage: Scene) -> str:
    return _STRANGERS[id(stage.world)]


def forms_of(stage: Scene) -> list[Route]:
    return [route for route in stage.routes if route.form not in ("", CROSS_SITE)]


async def fresh(world_of: Worlds) -> Scene:
    stage = await scene(await world_of())
    _, _STRANGERS[id(stage.world)] = await lifecycle.sign_in(stage.world, "bob", PASSPHRASE)
    return stage


async def tokens_of(stage: Scene) -> dict[str, str]:
    """A true token of every form that the administrator's session shows."""
    found = {}
    for route in forms_of(stage):
        if FORMS[route.path].signed_in:
            found[route.form] = (await opened(stage, route))[2]["form_token"]
    return found


async def assault(stage: Scene) -> tuple[int, int, int]:
    """Attack every form; how many attacks, how many changed something, and after how many the first did."""
    tried = through = 0
    for route in forms_of(stage):
        others = {name: token for name, token in (await tokens_of(stage)).items() if name != route.form}
        before = await state(stage.world)
        async for client, attack in on_forms(stage, route, others):
            answer = await attack.send(client)
            tried += 1
            if await changed(stage, before):
                return tried, through + 1, tried
            assert answer.status_code < 500, (attack, answer.text)
    return tried, through, 0


async def test_every_form_is_known_and_works(worlds: Worlds) -> None:
    """The attacks below are worth something: each form, sent as its page sends it, changes something."""
    stage = await fresh(worlds)
    assert {route.path for route in forms_of(stage)} == set(FORMS), "say in FORMS how a new form is filled in"
    for number, route in enumerate(forms_of(stage)):
        stage = stage if number == 0 else await fresh(worlds)
        before = await state(stage.world)
        client, target, fields = await opened(stage, route)
        answer = await client.post(target, data=fields, headers=OURS)
        assert await state(stage.world) != before, (route.path, answer.status_code, answer.text)


async def test_forms(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = await fresh(worlds)
    tried, through, _ = await assault(stage)
    with monkeypatch.context() as planted:

        async def verify_nothing(world: World, request: Any, form: str) -> None:
            return None

        planted.setattr("doorward.web.application.verify_form", verify_nothing)
        _, caught, first = await assault(await fresh(worlds))
    assert caught
    figures.record(10, "forms", tried, through, f"token not verified, caught after {first}")


def samples(stage: Scene) -> dict[str, Any]:
    """A value for every field of an operation, by its name."""
    return {
        "username": "mallory", "password": ANOTHER, "name": "Mallory", "email": "m@example.com", "user": stage.bob.id,
        "service_account": stage.service_account, "client_id": "books", "client_name": "Mallory", "role": "clerk",
        "redirect_uris": ["https://evil.example/cb"], "owner": stage.ann.id, "api_key": stage.key.id,
        "organization": "acme", "member": stage.bob.id, "identifier": RESOURCE, "permissions": ["invoice:pay"],
        "subject": stage.bob.subject, "permission": "invoice:read", "object": "invoice:7", "relation": "viewer",
        "dsl": "model\n  schema 1.1\ntype user\ntype invoice\n  relations\n    define viewer: [user]\n",
        "session": stage.other.id, "group": "writers", "decision": "dec_1",
        "description": "x", "scope": ["invoice:read"],
    }  # fmt: skip


REQUIRED_BY_HAND: Mapping[str, tuple[str, ...]] = {
    # fields that a call needs to change something, beside those that it cannot do without
    "PATCH": ("name", "client_name"),
    "PUT": ("name", "permissions", "description"),
    "POST": ("password", "organization"),
    "DELETE": ("organization",),
}


NEW: Mapping[str, Mapping[str, Any]] = {
    "/api/v1/organizations": {"organization": "globex"},
    "/api/v1/groups": {"group": "readers"},
    "/api/v1/clients": {"client_id": "mallory"},
}


def call_of(stage: Scene, operation: Operation[Any, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the other fields of a call that would change something."""
    values, path, rest = samples(stage), operation.path, dict[str, Any]()
    values |= NEW.get(operation.path, {}) if operation.method == "POST" else {}
    for found in msgspec.structs.fields(operation.request):
        name = found.encode_name
        if "{" + name in path:
            path = re.sub(r"\{" + name + r"(:\w+)?\}", str(values.get(name, "x")), path)
        elif found.required or name in REQUIRED_BY_HAND.get(operation.method, ()):
            rest[name] = values.get(name, "x")
    return path, rest


def unsafe(stage: Scene) -> list[Operation[Any, Any]]:
    return [operation for operation in stage.house.operations if operation.method != "GET"]


def on_calls(stage: Scene, operation: Operation[Any, Any]) -> Iterator[Attack]:
    """Every attack on one operation by the administrator's cookie alone."""
    path, rest = call_of(stage, operation)
    if operation.method == "DELETE":
        path, rest = f"{path}?{httpx.QueryParams(rest)}", {}
    raw = msgspec.json.encode(rest)
    for headers in ({}, *FOREIGN, {"sec-fetch-site": "none"}):
        yield Attack(operation.method, path, headers, json=rest or None)
        for kind in ("text/plain", URLENCODED, "multipart/form-data; boundary=x", "application/json"):
            yield Attack(operation.method, path, {**headers, "content-type": kind}, content=raw)
        yield Attack(operation.method, path, headers, data={name: str(value) for name, value in rest.items()})
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        if method != operation.method and (method, operation.path) not in taken(stage):
            override = {"x-http-method-override": operation.method, "x-method-override": operation.method}
            yield Attack(method, f"{path}{'&' if '?' in path else '?'}_method={operation.method}", override | OURS)
    if rest:
        yield Attack(operation.method, path, {**OURS, "content-type": "text/plain"}, content=raw)


def taken(stage: Scene) -> set[tuple[str, str]]:
    return {(operation.method, operation.path) for operation in stage.house.operations}


async def calls(stage: Scene) -> tuple[int, int, int]:
    tried = through = 0
    before = await state(stage.world)
    for operation in unsafe(stage):
        for attack in on_calls(stage, operation):
            answer = await attack.send(stage.browser.client)
            tried += 1
            if await changed(stage, before):
                return tried, through + 1, tried
            assert answer.status_code < 500, (attack, answer.text)
    return tried, through, 0


async def test_calls_by_cookie(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = await fresh(worlds)
    tried, through, _ = await calls(stage)
    with monkeypatch.context() as planted:
        planted.setattr(endpoint, "_refuse_foreign", lambda world, request: None)
        _, caught, first = await calls(await fresh(worlds))
    assert caught
    figures.record(10, "calls by cookie", tried, through, f"origin not looked at, caught after {first}")


ASKS_ONLY = {"/api/v1/check"}


async def test_the_calls_would_change_something_from_here(worlds: Worlds) -> None:
    """The attacks above are worth something: the same calls, from a page of ours, do what they say."""
    stage = await fresh(worlds)
    idle, order = [], ("POST", "PUT", "PATCH", "DELETE")
    for operation in sorted(unsafe(stage), key=lambda operation: order.index(operation.method)):
        path, rest = call_of(stage, operation)
        before = await state(stage.world)
        if operation.method == "DELETE":
            answer = await Attack("DELETE", f"{path}?{httpx.QueryParams(rest)}", OURS).send(stage.browser.client)
        else:
            answer = await Attack(operation.method, path, OURS, json=rest).send(stage.browser.client)
        if not await changed(stage, before) and operation.path not in ASKS_ONLY:
            idle.append((operation.method, path, answer.status_code, answer.text[:200]))
    assert len(idle) <= len(unsafe(stage)) // 4, idle


async def test_protocol_endpoints_do_not_act_on_a_cookie(worlds: Worlds) -> None:
    """Endpoints without a form, and those that other sites may POST to, never see who is signed in."""
    stage = await fresh(worlds)
    before, tried = await state(stage.world), 0
    for route in stage.routes:
        if route.method == "GET" or route.form not in ("", CROSS_SITE):
            continue
        for headers in ({}, OURS, *FOREIGN):
            for data in ({}, dict(httpx.QueryParams(authorization())), {"token": stage.secret, "grant_type": "x"}):
                answer = await Attack("POST", route.path, headers, data).send(stage.browser.client)
                tried += 1
                assert answer.status_code >= 300, (route.path, answer.text)
                assert not await changed(stage, before)
    figures.record(10, "protocol endpoints by cookie", tried, 0, "see forms")


async def test_reading_changes_nothing_and_is_never_framed(worlds: Worlds) -> None:
    """No GET changes anything, and no page may be shown in a frame."""
    stage = await fresh(worlds)
    before, tried = await state(stage.world), 0
    paths = [re.sub(r"\{[^}]*\}", "x", route.path) for route in stage.routes if route.method == "GET"]
    paths += [call_of(stage, operation)[0] for operation in stage.house.operations if operation.method == "GET"]
    for path in [*paths, CONSENT, "/login?reauth=1", "/openapi.json", "/docs", "/nope"]:
        for browser in (stage.browser, stage.anonymous()):
            answer = await browser.get(path)
            tried += 1
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
            assert answer.headers["x-frame-options"] == "DENY"
            assert not await changed(stage, before), path
    figures.record(10, "reading, and frames", tried, 0, "see forms")
