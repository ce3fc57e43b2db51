"""Pages: escaped, without script, with our own style that may be kept for ever; templates may be replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from starlette.requests import Request
from starlette.responses import Response

from doorward.ports import World
from doorward.web.headers import page_policy
from doorward.web.page import assets, hashed, page
from doorward.web.route import Route
from tests.web.browser import Browser, app_with

pytestmark = pytest.mark.anyio


async def shown(world: World, request: Request) -> Response:
    return page(world, request, "error.html", title="<script>alert(1)</script>", description="x", hint="")


async def incomplete(world: World, request: Request) -> Response:
    return page(world, request, "error.html")


async def test_everything_is_escaped(world: World) -> None:
    answer = await Browser(app_with(world, Route("GET", "/x", shown))).get("/x")
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"


async def test_a_missing_name_is_an_error(world: World) -> None:
    answer = await Browser(app_with(world, Route("GET", "/x", incomplete))).get("/x")
    assert answer.status_code == 500
    assert UndefinedError.__name__ not in answer.text


async def test_assets_by_their_content(world: World) -> None:
    browser = Browser(app_with(world, Route("GET", "/x", shown)))
    answer = await browser.get(f"/assets/{hashed('doorward.css')}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert {name.rpartition(".")[2] for name in assets()} == {"css", "svg"}
    for path in ("/assets/doorward.css", "/assets/", "/assets/../page.py", "/assets/%2e%2e/page.py"):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.client.post(f"/assets/{hashed('doorward.css')}")).status_code == 404


async def test_links_and_assets_under_a_path(world: World) -> None:
    under = replace(world, settings=replace(world.settings, public_url="https://auth.example.com/auth"))
    browser = Browser(app_with(under, Route("GET", "/x", shown)))
    answer = await browser.get("/auth/x")
    assert f'href="/auth/assets/{hashed("doorward.css")}"' in answer.text
    assert (await browser.get(f"/auth/assets/{hashed('doorward.css')}")).status_code == 200


async def test_own_templates_replace_ours(world: World, tmp_path: Path) -> None:
    (tmp_path / "error.html").write_text("ours: {{ title }}")
    own = replace(world, settings=replace(world.settings, templates=str(tmp_path)))
    answer = await Browser(app_with(own, Route("GET", "/x", shown))).get("/x")
    assert answer.text == "ours: &lt;script&gt;alert(1)&lt;/script&gt;"


async def test_a_broken_template_of_ones_own_is_not_a_blank(world: World, tmp_path: Path) -> None:
    (tmp_path / "error.html").write_text("{{ nowhere }}")
    own = replace(world, settings=replace(world.settings, templates=str(tmp_path)))
    answer = await Browser(app_with(own, Route("GET", "/x", shown))).get("/x")
    assert answer.status_code == 500
    assert answer.text.startswith("server_error req_")


@pytest.mark.parametrize(
    "target, kept",
    [
        ("https://app.example", True),
        ("http://127.0.0.1:7777", True),
        ("http://[::1]:7777", True),
        ("com.example.app:", True),
        ("https://app.example; script-src *", False),
        ("https://app.example *", False),
        ("*", False),
        ("'unsafe-inline'", False),
        ("https://app.example/cb", False),
        ("https://app.example\r\nx: y", False),
    ],
)
def test_form_action_takes_origins_only(target: str, kept: bool) -> None:
    policy = page_policy([target])["content-security-policy"]
    assert (f"form-action 'self' {target};" in policy) is kept
    assert ("form-action 'self';" in policy) is not kept
