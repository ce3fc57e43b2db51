"""Servers in processes of their own, on a core of their own where there are two."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 60.0


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cores() -> tuple[set[int], set[int]]:
    """The server's core, and the load generator's."""
    known = sorted(os.sched_getaffinity(0))
    return ({known[0]}, {known[1]}) if len(known) > 1 else ({known[0]}, {known[0]})


@contextmanager
def process(
    command: list[str], port: int, folder: Path, *, on: set[int] | None = None, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that answers on `port` while the block runs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
    with (folder / "log").open("ab") as out:
        running = subprocess.Popen(command, cwd=folder, env={**kept, **environment}, stdout=out, stderr=out)
    try:
        if on:
            os.sched_setaffinity(running.pid, on)
        answering(port, running)
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def answering(port: int, running: subprocess.Popen[bytes]) -> float:
    """Wait for the first answer to `GET /healthz`; when it came."""
    deadline = time.monotonic() + PATIENCE
    message = f"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode()
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(message)
                if connection.recv(12).startswith(b"HTTP/1.1 "):
                    return time.monotonic()
        except OSError:
            pass
        if running.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"{running.args} does not answer")
        time.sleep(0.002)


@dataclass(frozen=True)
class Place:
    """An installation: a folder, a port, and the environment that says so."""

    folder: Path
    port: int

    @property
    def host(self) -> str:
        """What `Host` must be."""
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a server here."""
        key = self.folder / "secret.key"
        if not key.exists():
            key.write_text(secrets.token_urlsafe(32))
            key.chmod(0o600)
        return {
            "DOORWARD_PUBLIC_URL": f"http://{self.host}",
            "DOORWARD_SECRET_KEY_FILE": str(key),
            "DOORWARD_DATA": str(self.folder / "data"),
            "DOORWARD_LOG_LEVEL": "error",
        }

    def run(self, *arguments: str, stdin: str = "") -> Any:
        """Run a `doorward` command with `--json`; what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "doorward", *arguments, "--json"],
            env={**os.environ, **self.environment}, cwd=self.folder, input=stdin, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{arguments}: {done.stderr}")
        return json.loads(done.stdout)

    def serving(self, on: set[int] | None = None) -> Any:
        """`doorward serve`, answering."""
        command = [sys.executable, "-m", "doorward", "serve", "--port", str(self.port)]
        return process(command, self.port, self.folder, on=on, **self.environment)


@contextmanager
def echo(folder: Path, on: set[int] | None = None) -> Iterator[int]:
    """A bare ASGI application on the same uvicorn, which gives back the body it was sent; its port."""
    port = free_port()
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import echo; echo.main({port})"
    with process([sys.executable, "-c", code], port, folder, on=on):
        yield port


def memory(pid: int) -> float:
    """Resident megabytes of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]  # Linux always says
