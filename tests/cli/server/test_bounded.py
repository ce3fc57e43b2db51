"""What a connection may ask of the server's memory and patience, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from doorward.cli.server import bounded
from doorward.cli.server.bounded import HEAD_LIMIT, BoundedProtocol

pytestmark = pytest.mark.anyio
GET = b"GET /x HTTP/1.1\r\nhost: a\r\n"
POST = b"POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
CLOSE = b"connection: close\r\n\r\n"
PIECE = b"a" * 16_384


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Says which headers there are once the body has come, and how long that was."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message["body"]), message["more_body"]
    said = b"%s %d" % (b",".join(name for name, _ in scope["headers"]), length)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


app = echo


@asynccontextmanager
async def listening(protocol: type[BoundedProtocol]) -> AsyncIterator[int]:
    """The port of a server whose connections are bounded."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=protocol, lifespan="off", log_config=None))
    running = asyncio.create_task(server._serve(None))
    while not server.started:
        await asyncio.sleep(0)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


async def said(pieces: Sequence[bytes], protocol: type[BoundedProtocol] = BoundedProtocol) -> bytes:
    """All that is answered to these, sent one after the other while they are taken, until the server closes."""
    async with listening(protocol) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            with suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
            with suppress(ConnectionError):
                return await asyncio.wait_for(reader.read(), 20)
            return b""
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@pytest.mark.parametrize(
    "pieces",
    [
        [GET + b"x: ", *[PIECE] * 64],
        [GET, *[b"".join(b"x%d: y\r\n" % n for n in range(2000))] * 64],
        [b"GET /", *[PIECE] * 64],
    ],
    ids=["a header", "headers", "an address"],
)
async def test_a_head_without_end(pieces: list[bytes]) -> None:
    answer = await said(pieces)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close")


@pytest.mark.parametrize(
    "pieces",
    [
        [POST + b"1;", *[PIECE] * 64],
        [POST + b"0\r\nx: ", *[PIECE] * 64],
        [POST + b"0\r\n", *[b"".join(b"x%d: y\r\n" % n for n in range(2000))] * 64],
    ],
    ids=["a chunk's extension", "a trailer", "trailers"],
)
async def test_what_stands_about_a_body_without_end(pieces: list[bytes]) -> None:
    assert b"HTTP/1.1 200" not in await said(pieces)


async def test_what_is_long_but_within_bounds_is_read() -> None:
    head = GET + b"".join(b"x%d: %s\r\n" % (n, PIECE[:6000]) for n in range(10)) + CLOSE
    assert len(head) < HEAD_LIMIT
    assert b"HTTP/1.1 200" in await said([head])
    body = b"".join(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) for _ in range(64)) + b"0\r\n\r\n"
    assert (await said([POST[:-2] + CLOSE, body])).endswith(b" %d" % (64 * len(PIECE)))
    crumbs = b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n"
    assert (await said([POST[:-2] + CLOSE, *[crumbs[n : n + 4096] for n in range(0, len(crumbs), 4096)]])).endswith(
        b" 50000"
    )


async def test_a_trailer_is_no_header() -> None:
    answer = await said([POST[:-2] + CLOSE, b"1\r\nx\r\n0\r\ncookie: planted\r\n\r\n"])
    assert answer.endswith(b"\r\n\r\nhost,transfer-encoding,connection 1")


@pytest.mark.parametrize(
    ("pieces", "answer"),
    [
        ([], b"HTTP/1.1 408 Request Timeout"),
        ([b"\r\n"], b"HTTP/1.1 408 Request Timeout"),
        ([b"GET /x HT"], b"HTTP/1.1 408 Request Timeout"),
        ([GET], b"HTTP/1.1 408 Request Timeout"),
        ([POST + b"5\r\nab"], b""),
        ([GET + b"\r\n", b"GET /x"], b"HTTP/1.1 200 OK"),
    ],
    ids=["nothing", "a line", "half a line", "half a head", "half a body", "half of the second"],
)
async def test_what_does_not_arrive(monkeypatch: pytest.MonkeyPatch, pieces: list[bytes], answer: bytes) -> None:
    monkeypatch.setattr(bounded, "ARRIVAL", 0.1)
    assert (await said(pieces)).startswith(answer)
    assert answer or not await said(pieces)


async def test_what_is_answered_slowly_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a request is answered no time runs: the answer here waits until the time is up."""
    monkeypatch.setattr(bounded, "ARRIVAL", 0.02)
    looked: list[float] = []

    class Watched(BoundedProtocol):
        def _look(self) -> None:
            super()._look()
            looked.append(self.loop.time())

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        while len(looked) < 3:
            await asyncio.sleep(0)
        await echo(scope, receive, send)

    monkeypatch.setattr(f"{__name__}.app", slow)
    assert b"HTTP/1.1 200" in await said([GET + CLOSE], Watched)
