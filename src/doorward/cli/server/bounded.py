"""HTTP/1.1 as uvicorn speaks it, within bounds that it does not set: how large the head of a request may be, and how
long a request may take to arrive.

Without the first, one connection can fill the memory with a header that never ends; without the second, connections
that say nothing use up the sockets. A body's size is bounded where it is read (`web/arrival/body.py`).
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_LIMIT = 65_536
"""Bytes of a request line and headers; of chunk sizes, extensions and trailers too. What comes in one piece is read."""
ARRIVAL = 30
"""Seconds that a request may take to arrive, with its body, and a new connection to begin one."""
_FRAME = 16
"""Bytes about a piece of a body that count as its own."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. What is beyond its bounds is answered 431 or 408, where it can be, and closed.

    Trailers are read and forgotten: uvicorn would add them to headers that were looked at already.
    """

    _head = False
    _spare = 0
    _began: float | None = None
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it
        self._began = self.loop.time()
        self._watch = self.loop.call_later(ARRIVAL, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless that was too much beside the body."""
        if self._began is None:
            self._began = self.loop.time()
        self._spare += len(data)
        super().data_received(data)
        if self._spare > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(431)  # RFC 6585 §5

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head, self._spare, self._began = True, 0, self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        if self._head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head was within its bounds."""
        self._head, self._spare = False, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._spare -= len(body) + _FRAME
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It has arrived."""
        self._spare, self._began = 0, None
        super().on_message_complete()

    def _look(self) -> None:
        """Close it if what it began has not arrived; else look again when that could be."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        due = (now if self._began is None else self._began) + ARRIVAL
        if due <= now:
            self._refuse(408)  # RFC 9110 §15.5.9
        else:
            self._watch = self.loop.call_at(due, self._look)

    def _refuse(self, status: int) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()
