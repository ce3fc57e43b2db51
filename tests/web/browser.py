"""A browser without a screen: keeps cookies, sends forms with their hidden fields, and says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

import httpx
from starlette.requests import Request
from starlette.types import ASGIApp

from doorward.core.errors import Unauthenticated
from doorward.core.principal import Principal
from doorward.feature import Feature, collect
from doorward.ports import World
from doorward.web.application import Application, application
from doorward.web.route import Operation, Route

_FORM = re.compile(r'<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_INPUT = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"')


class Browser:
    """One person's browser at one application."""

    def __init__(self, app: ASGIApp, url: str = "https://auth.example.com", headers: Mapping[str, str] = {}) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True, client=("203.0.113.7", 50000))
        self.url = url
        self.client = httpx.AsyncClient(transport=transport, base_url=url, headers={"accept": "text/html", **headers})

    async def get(self, path: str, **how: Any) -> httpx.Response:
        return await self.client.get(path, **how)

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        """POST a form as a browser does from a page of this origin."""
        sent = {"origin": origin(self.url), "sec-fetch-site": "same-origin"} | headers
        return await self.client.post(path, data=dict(fields), headers=sent)

    async def send(self, page: str, fields: Mapping[str, str], action: str | None = None) -> httpx.Response:
        """Open a page and send its form (that with this action, else its first) with these fields filled in."""
        shown = await self.get(page)
        assert shown.status_code == 200, (shown.status_code, shown.text)
        target, hidden = form_in(shown.text, action)
        return await self.post(target, hidden | dict(fields))


def origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def form_in(html: str, action: str | None = None) -> tuple[str, dict[str, str]]:
    """The action and hidden fields of a form on a page."""
    for target, body in _FORM.findall(html):
        if action in (None, unescape(target)):
            return unescape(target), {unescape(name): unescape(value) for name, value in _INPUT.findall(body)}
    raise AssertionError(f"no form {action or ''} in {html}")


async def nobody(world: World, request: Request, permission: str | None) -> Principal:
    """An `authorize` that lets nobody in."""
    raise Unauthenticated("no credential was sent", reason="credential.missing")


async def anybody(world: World, request: Request, permission: str | None) -> Principal:
    """An `authorize` that takes everybody for an administrator."""
    return Principal("user:usr_1", "api_key", credential="key_1")


def app_of(world: World, *features: Feature) -> Application:
    """An application of these features alone."""
    house = collect(features)
    return application(world, house.routes(), house.operations, authorize=nobody)


def app_with(world: World, *routes: Route, operations: Sequence[Operation[Any, Any]] = (), **how: Any) -> Application:
    """An application of these routes alone."""
    return application(world, routes, operations, **({"authorize": anybody} | how))
