"""The bound on a request's body: at the limit and one beyond, announced and not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from starlette.types import Message, Receive

from doorward.ports import World
from doorward.web.arrival.body import again, received
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


def sent(*pieces: bytes, then: Message | None = None) -> Receive:
    """A `receive` of these pieces of a body, and what comes behind them."""
    last = then or {"type": "http.request", "body": b"", "more_body": False}
    left = [*({"type": "http.request", "body": piece, "more_body": True} for piece in pieces), last]

    async def receive() -> Message:
        return left.pop(0)

    return receive


async def test_a_body_that_comes_in_crumbs_is_one_message() -> None:
    message, body = await received(sent(*[b"x"] * 1000), 1000)
    assert message == {"type": "http.request", "body": b"x" * 1000, "more_body": False}
    assert body == message["body"]


async def test_what_is_too_long_is_taken_no_further_and_given_on() -> None:
    receive = sent(*[b"x" * 600] * 3)
    message, body = await received(receive, 1000)
    assert body == b""
    replayed = again(message, receive)
    assert [len((await replayed())["body"]) for _ in range(3)] == [1200, 600, 0]


async def test_whoever_has_gone_sent_nothing() -> None:
    gone = {"type": "http.disconnect"}
    assert await received(sent(b"x", then=gone), 1000) == (gone, b"")
