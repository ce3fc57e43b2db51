"""A load generator that costs little beside what it measures: raw sockets on uvloop, one request at a time on each.

Answers are told apart by their length, which the first one gives; so a run sends one request whose answers are equally
long.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

import uvloop


@dataclass(frozen=True)
class Run:
    """What one run did."""

    answers: int
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def request(method: str, host: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP/1.1 request. `content_type="…"` becomes `content-type: …`."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def once(port: int, message: bytes) -> bytes:
    """One answer, whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", head.lower())[1])  # type: ignore[index]  # ours always has one
    body = await reader.readexactly(length)
    writer.close()
    return head + body


def hammer(port: int, message: bytes, *, seconds: float, connections: int = 16, status: int = 200) -> Run:
    """Send the same request over and over for so long. Fails when the first answer has another status."""
    return uvloop.run(_hammer(port, message, seconds, connections, status))


async def _hammer(port: int, message: bytes, seconds: float, connections: int, status: int) -> Run:
    await once(port, message)  # whatever is done at the first request is done
    first = await once(port, message)
    if not first.startswith(f"HTTP/1.1 {status}".encode()):
        raise SystemExit(f"not {status}: {first[:600]!r}")
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Caller(message, len(first)), "127.0.0.1", port)
        for _ in range(connections)
    ]
    callers = [caller for _, caller in made]
    started = time.perf_counter()
    for caller in callers:
        caller.go()
    await asyncio.sleep(seconds)
    taken = time.perf_counter() - started
    answers = sum(caller.answers for caller in callers)
    for transport, _ in made:
        transport.abort()
    return Run(answers, taken)


class _Caller(asyncio.Protocol):
    """One connection: the next request goes out when the last byte of an answer has come."""

    def __init__(self, message: bytes, length: int) -> None:
        self._message, self._length = message, length
        self._missing = length
        self.answers = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def go(self) -> None:
        self._transport.write(self._message)  # type: ignore[attr-defined]  # a socket's transport

    def data_received(self, data: bytes) -> None:
        self._missing -= len(data)
        if self._missing == 0:
            self._missing = self._length
            self.answers += 1
            self.go()
        elif self._missing < 0:
            raise RuntimeError("an answer of another length")
