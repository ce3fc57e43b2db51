"""A whole installation on loopback: data directory, command line, server and API in processes of their own."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DOORWARD = [sys.executable, "-m", "doorward"]
PATIENCE = 20.0


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Place:
    """One installation. Its processes see only its own settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port, self.api_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = f"http://127.0.0.1:{self.api_port}"
        key = folder / "secret.key"
        key.write_text(secrets.token_urlsafe(32))
        key.chmod(0o600)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
        self.environment = kept | {
            "DOORWARD_PUBLIC_URL": self.url,
            "DOORWARD_SECRET_KEY_FILE": str(key),
            "DOORWARD_DATA": str(self.data),
        }

    def run(self, *arguments: str, stdin: str = "", status: int = 0) -> str:
        """Run a `doorward` command and give its output; its exit status must be `status`."""
        done = subprocess.run(
            [*DOORWARD, *arguments], input=stdin, env=self.environment, cwd=self.folder, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == status, (
            f"doorward {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done.stdout

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """Run a command with `--json` and give what it says."""
        return json.loads(self.run(*arguments, "--json", stdin=stdin))

    @contextmanager
    def serving(self) -> Iterator[Path]:
        """`doorward serve`, answering; gives the file with its output."""
        log = self.folder / "serve.log"
        command = [*DOORWARD, "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data)]
        with process(command, self.environment, self.folder, log, f"{self.url}/healthz"):
            yield log

    @contextmanager
    def guarding(self, app: str) -> Iterator[None]:
        """An API `module:app` under uvicorn in a process of its own, answering."""
        here = str(Path(__file__).parent)
        options = ["--app-dir", here, "--port", str(self.api_port), "--log-level", "warning"]
        command = [sys.executable, "-m", "uvicorn", app, *options]
        with process(command, self.environment, self.folder, self.folder / "api.log", f"{self.api}/healthz"):
            yield


@contextmanager
def process(command: list[str], environment: Mapping[str, str], folder: Path, log: Path, url: str) -> Iterator[None]:
    """A process that answers at `url` while the block runs, and has ended after it."""
    with log.open("wb") as out:
        running = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=out, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(url):
            assert running.poll() is None, f"{command[:4]} ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"{command[:4]} does not answer at {url}:\n{log.read_text()}"
            time.sleep(0.05)
        yield
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(10)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
