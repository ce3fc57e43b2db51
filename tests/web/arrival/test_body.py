"""The bound on a request's body: at the limit and one beyond, announced and not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from doorward.ports import World
from doorward.web.route import Route
from tests.web.browser import Browser, app_with
from tests.web.conftest import hello

pytestmark = pytest.mark.anyio


async def read(world, request):  # type: ignore[no-untyped-def]  # a handler like any other
    await request.body()
    return await hello(world, request)


@pytest.fixture
def browser(world: World) -> Browser:
    small = replace(world, settings=replace(world.settings, max_body=1000))
    return Browser(app_with(small, Route("POST", "/in", read, "problem")))


@pytest.mark.parametrize("size, status", [(1000, 200), (1001, 413), (100_000, 413)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_limit(browser: Browser, size: int, status: int, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 100):
            yield b"x" * 100
        yield b"x" * (size % 100)

    answer = await browser.client.post("/in", content=pieces() if chunked else b"x" * size)
    assert answer.status_code == status
    if status == 413:
        assert answer.json()["code"] == "too_large"
