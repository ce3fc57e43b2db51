"""`doorward serve` as a process: what it needs, what it prints, that it answers and ends; and the socket it takes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doorward.cli.server.listening import take
from doorward.cli.server.serve import weakened
from doorward.core.errors import Misconfigured
from doorward.core.settings import Settings
from tests.cli.conftest import Doorward

PATIENCE = 30
SECRET = "A" * 43


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    folder: Path, *arguments: str, stop: signal.Signals = signal.SIGTERM, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """`doorward` with these arguments, and the file that it writes to. It is ended by the signal `stop`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "doorward", *arguments],
            cwd=folder,
            env={**kept, **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield process, log
    finally:
        process.send_signal(stop)
        process.wait(PATIENCE)


def awaited(process: subprocess.Popen[str], log: Path, pattern: str) -> str:
    """What the log says once it matches."""
    deadline = time.monotonic() + PATIENCE
    while not re.search(pattern, text := log.read_text()):
        assert process.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.02)
    return text


def get(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.status, answer.read().decode()


def test_it_serves_and_prints_setup_until_there_is_an_administrator(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"DOORWARD_PUBLIC_URL": url, "DOORWARD_SECRET_KEY": SECRET}
    line = ("serve", "--port", str(port), "--data", "data")
    with serving(tmp_path, *line, **environment) as (process, log):
        text = awaited(process, log, r"Code ")
        assert f"Setup   {url}/setup\n" in text
        assert re.search(r"\nCode    [0-9a-z]{3}-[0-9a-z]{3}-[0-9a-z]{3}   once, 30 min\n", text)
        assert get(f"{url}/healthz") == (200, "ok\n")
        key = json.loads(
            subprocess.run(
                [sys.executable, "-m", "doorward", "api-key", "create", "--admin", "--json", "--data", "data"],
                cwd=tmp_path, capture_output=True, text=True, check=True,
            ).stdout
        )["key"]  # fmt: skip
        request = urllib.request.Request(f"{url}/api/v1/users", headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            assert answer.status == 200
    assert process.returncode == 0
    with serving(tmp_path, *line, **environment) as (process, log):
        text = awaited(process, log, r"doorward answers at")
        assert "Code" not in text


@pytest.mark.parametrize(("proxies", "address"), [("", "127.0.0.1"), ("127.0.0.1", "203.0.113.9")])
def test_what_a_request_leaves_in_the_log(tmp_path: Path, proxies: str, address: str) -> None:
    """One line of ours, without the query; the address of a proxy that is trusted and of no other; no `Server`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {"DOORWARD_PUBLIC_URL": url, "DOORWARD_SECRET_KEY": SECRET, "DOORWARD_TRUSTED_PROXIES": proxies}
    with serving(tmp_path, "serve", "--port", str(port), "--data", "data", **environment) as (process, log):
        awaited(process, log, r"Code ")
        asked = urllib.request.Request(
            f"{url}/login?login_hint=canary", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        )
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            assert "server" not in answer.headers
            assert "date" in answer.headers
        awaited(process, log, r'"event": "request"')
    text = log.read_text()
    assert "canary" not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert [(line["path"], line["status"], line["address"]) for line in lines] == [("/login", 200, address)]
    assert "GET /login" not in text


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "DOORWARD_PUBLIC_URL"),
        ({"DOORWARD_PUBLIC_URL": "https://a.example"}, "DOORWARD_SECRET_KEY"),
        ({"DOORWARD_PUBLIC_URL": "http://a.example", "DOORWARD_SECRET_KEY": SECRET}, "https"),
        ({"DOORWARD_PUBLIC_URL": "https://a.example", "DOORWARD_SECRET_KEY": "short"}, "32 bytes"),
    ],
)
def test_it_does_not_start_without_what_it_needs(
    doorward: Doorward, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    done = doorward("serve", "--port", "0")
    assert done.status == 2
    assert said in done.err
    assert "hint: " in done.err
    assert not (tmp_path / ".doorward").exists()


def test_it_refuses_a_directory_made_by_dev(
    doorward: Doorward, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOORWARD_PUBLIC_URL", "https://a.example")
    monkeypatch.setenv("DOORWARD_SECRET_KEY", SECRET)
    (tmp_path / ".doorward").mkdir()
    (tmp_path / ".doorward" / "dev").write_text("")
    done = doorward("serve")
    assert done.status == 2
    assert "doorward dev" in done.err


def test_a_database_url_with_a_password_is_refused(doorward: Doorward) -> None:
    done = doorward("serve", "--database-url", "postgresql://a:hunter2@b/c")
    assert done.status == 2
    assert "hunter2" not in done.err


def test_a_port_in_use_is_an_error_in_words() -> None:
    with take("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured) as caught:
            take("127.0.0.1", port)
    assert caught.value.reason == "port.taken"
    assert str(port) in caught.value.description
    with take("::1", 0) as six:
        assert six.family is socket.AF_INET6


def test_an_address_that_is_not_ours_is_an_error_in_words() -> None:
    with pytest.raises(Misconfigured) as caught:
        take("192.0.2.1", 0)
    assert caught.value.reason == "port.refused"


def test_the_defaults_are_not_weakened() -> None:
    assert weakened(Settings(public_url="https://a.example", trusted_proxies=("127.0.0.1",))) == []


def test_a_proxy_that_is_not_trusted_is_named() -> None:
    """TLS ends before doorward, so with an https URL there is a proxy."""
    [warning] = weakened(Settings(public_url="https://a.example"))
    assert "50 wrong passwords" in warning
    assert "DOORWARD_TRUSTED_PROXIES" in warning
