"""The demo API in a process of its own, which ends with the one that started it, however that ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

APP = "doorward.demo.api:app"


@contextmanager
def running(taken: socket.socket, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The demo API on this socket while the block runs. Calls made before it is ready wait in the socket's queue.

    It sees none of this process's settings but the data directory.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
    process = subprocess.Popen(  # noqa: S603 - this very program, on a socket of our own
        [sys.executable, "-m", "doorward.cli.server.demo", str(taken.fileno())],
        env={**kept, "DOORWARD_DATA": str(data.absolute())},
        stdin=subprocess.PIPE,
        pass_fds=(taken.fileno(),),
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()  # its end is the child's
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(descriptor: int) -> None:
    """Serve the demo API on an inherited socket until standard input ends."""
    import uvicorn

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which then ends us
    config = uvicorn.Config(
        APP,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]  # as above: only the parent ends us
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[socket.socket(fileno=descriptor)])


def _end_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


@contextmanager
def _no_signals() -> Iterator[None]:
    yield


if __name__ == "__main__":
    main(int(sys.argv[1]))
