"""A server that listens: the socket is taken first, so that a port in use is an error in words and not a traceback."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from doorward.app import Application
from doorward.cli.server.bounded import BoundedProtocol
from doorward.core.errors import Misconfigured

BACKLOG = 2048
STOP = (signal.SIGINT, signal.SIGTERM)


def take(host: str, port: int) -> socket.socket:
    """A socket bound to this address. Port 0 takes any free one. Raises Misconfigured when it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(BACKLOG)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise Misconfigured(f"port {port} is taken", reason="port.taken", hint="give another --port") from None
        raise Misconfigured(f"cannot listen on {host} port {port}: {error.strerror}", reason="port.refused") from None
    taken.setblocking(False)
    return taken


async def serve(application: Application, taken: socket.socket, ready: Callable[[], None]) -> None:
    """Answer requests on this socket until SIGINT or SIGTERM; `ready` is called once it does.

    Requests under way are finished. One process, uvloop where it is installed. Does NOT bound how many connections
    there are: a proxy before it does.
    """
    config = uvicorn.Config(
        application.asgi,
        http=BoundedProtocol,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # whom to believe about addresses is `trusted_proxies`' to say
        timeout_graceful_shutdown=5,
        backlog=BACKLOG,
    )
    await _Announcing(config, ready).serve(sockets=[taken])


class _Announcing(uvicorn.Server):
    """uvicorn, which says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop gracefully on SIGINT and SIGTERM, at once on a second SIGINT.

        uvicorn's own raises the signal again when it has stopped, which would end the process before the database
        is closed and the demo API stopped.
        """
        loop = asyncio.get_running_loop()
        for number in STOP:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in STOP:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self._ready()
