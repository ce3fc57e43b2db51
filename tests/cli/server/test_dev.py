"""`doorward dev` as a person uses it: started, its lines pasted, stopped, started again."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from doorward.cli.server import directory
from doorward.cli.server.banner import Ready, banner, command, lines, shown
from doorward.cli.server.dev import seconds_running
from doorward.cli.server.furnish import passphrase
from doorward.core.errors import Misconfigured
from tests.cli.conftest import Doorward
from tests.cli.server.test_serve import PATIENCE, awaited, free_port, serving


def paste(line: str, folder: Path) -> tuple[int, str]:
    """Run a printed command in a shell: `curl` with its status, anything else with its exit status."""
    line = line.replace("curl ", "curl -s -w '\\n%{http_code}' ")
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    if line.startswith("curl"):
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body
    return done.returncode, done.stdout


def status(url: str, host: str) -> int:
    request = urllib.request.Request(url, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_what_it_prints_works_when_pasted_and_what_it_made_is_kept(tmp_path: Path) -> None:
    port, demo = free_port(), free_port()
    line = ("dev", "--port", str(port), "--demo-port", str(demo))
    with serving(tmp_path, *line) as (process, log):
        text = awaited(process, log, r"\nNext ")
        first = json.loads((tmp_path / ".doorward" / "dev.json").read_text())
        printed = {row[:8].strip(): row[8:] for row in text.splitlines()[1:]}
        assert re.match(r"doorward dev, ready in \d+\.\d s \(Ctrl-C stops\)\n", text)
        assert list(printed) == ["Setup", "Demo", "200", "403", "404", "Why", "Data", "Next"]
        assert text.splitlines() == first["banner"]
        assert printed == first["lines"]
        for expected in ("200", "403", "404"):
            assert paste(printed[expected], tmp_path)[0] == int(expected)
        refused = json.loads(paste(printed["403"], tmp_path)[1])
        doorward = printed["Why"].partition(" check ")[0]
        recorded = paste(f"{doorward} why {refused['decision']}", tmp_path)[1]
        assert recorded.startswith(f"DENY {refused['decision']}  role.missing\n")
        assert "asked for invoice:pay" in recorded
        why = paste(printed["Why"], tmp_path)
        assert why == (1, _denied(why[1]))
        assert printed["Data"] == "./.doorward (delete to start over)"
        assert status(f"http://127.0.0.1:{port}/healthz", f"127.0.0.1:{port}") == 200
        assert status(f"http://127.0.0.1:{port}/login", f"localhost:{port}") == 200
        assert status(f"http://127.0.0.1:{port}/login", "evil.example") == 421
        _only_mine(tmp_path / ".doorward")
    assert process.returncode == 0
    for taken in (port, demo):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", taken)) != 0

    with serving(tmp_path, *line, stop=signal.SIGINT) as (process, log):
        awaited(process, log, r"\nNext ")
        second = json.loads((tmp_path / ".doorward" / "dev.json").read_text())
        assert second["people"] == first["people"]
        assert second["key"] != first["key"]
        assert paste(second["lines"]["200"], tmp_path)[0] == 200
        assert paste(first["lines"]["200"], tmp_path)[0] == 401
        assert second["setup"]["code"] != first["setup"]["code"]
    assert process.returncode == 0


def test_the_demo_ends_with_a_killed_server(tmp_path: Path) -> None:
    """Also when it is killed before the demo API has started."""
    demo = free_port()
    for wait in (r"\nNext ", r""):
        with serving(tmp_path, "dev", "--port", str(free_port()), "--demo-port", str(demo)) as (process, log):
            awaited(process, log, wait)
            process.kill()
        closed(demo)


def closed(port: int) -> None:
    """Wait until nothing listens there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _denied(text: str) -> str:
    """The block that is promised, with the decision's id as it came."""
    id = re.search(r"dec_\w{26}", text)
    assert id
    return (
        f"DENY {id[0]}  role.elsewhere\n"
        "  ✓ user ann, active\n"
        "  ✓ role clerk in acme gives invoice:read\n"
        "  ✗ invoice:2 belongs to globex\n"
        "fix: doorward assign ann clerk --org globex\n"
    )


def _only_mine(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_port_that_was_asked_for_is_not_exchanged(doorward: Doorward) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = doorward("dev", "--port", str(taken.getsockname()[1]))
    assert done.status == 2
    assert "is taken" in done.err


def test_a_directory_with_real_data_is_refused(doorward: Doorward, tmp_path: Path) -> None:
    doorward("user", "create", "--username", "ann")
    done = doorward("dev")
    assert done.status == 2
    assert "did not make" in done.err
    assert not (tmp_path / ".doorward" / "dev").exists()


def test_the_key_is_made_once(tmp_path: Path) -> None:
    key = directory.prepare(tmp_path / "d")
    assert directory.prepare(tmp_path / "d") == key
    assert len(key) == 43
    assert (tmp_path / "d" / ".gitignore").read_text() == "*\n"


def test_a_file_is_written_whole_or_not(tmp_path: Path) -> None:
    directory.write(tmp_path / "x", "one")
    (tmp_path / "x.new").write_text("left by a crash")
    directory.write(tmp_path / "x", "two")
    assert (tmp_path / "x").read_text() == "two"
    assert not (tmp_path / "x.new").exists()


def test_passphrases_are_long_enough_and_fit_in_a_line() -> None:
    assert re.fullmatch(r"([0-9a-z]{6}-){2}[0-9a-z]{6}", passphrase(bytes(range(15))))
    assert passphrase(bytes(15)) != passphrase(b"\xff" * 15)


def ready(**changes: Any) -> Ready:
    values: dict[str, Any] = {
        "url": "http://127.0.0.1:8080",
        "demo": "http://127.0.0.1:8000",
        "code": "7kq-m2p-x9d",
        "code_minutes": 30,
        "people": {"ann": "clerk in acme", "bob": "owner in globex"},
        "passwords": {"ann": "aaa", "bob": "bbb"},
        "key": "dw_key",
        "data": Path(".doorward"),
    }
    return Ready(**{**values, **changes})


def test_the_banner_to_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "doorward").write_text("")
    monkeypatch.setattr("sys.executable", str(tmp_path / ".venv" / "bin" / "python"))
    assert banner(ready(), 0.62) == (
        "doorward dev, ready in 0.6 s (Ctrl-C stops)\n"
        "Setup   http://127.0.0.1:8080/setup   code 7kq-m2p-x9d   once, 30 min\n"
        "Demo    http://127.0.0.1:8000/docs    ann / aaa  clerk in acme · bob / bbb  owner in globex\n"
        '200     curl -H "Authorization: Bearer dw_key" http://127.0.0.1:8000/invoices/1\n'
        '403     curl -H "Authorization: Bearer dw_key" -X POST http://127.0.0.1:8000/invoices/1/pay\n'
        '404     curl -H "Authorization: Bearer dw_key" http://127.0.0.1:8000/invoices/2\n'
        "Why     .venv/bin/doorward check ann invoice:read invoice:2\n"
        "Data    ./.doorward (delete to start over)\n"
        "Next    doorward init fastapi · doorward serve --help"
    )


def test_a_closed_setup_is_not_offered_and_another_directory_is_named(tmp_path: Path) -> None:
    told = dict(lines(ready(code=None, data=tmp_path / "x y")))
    assert "Setup" not in told
    assert told["Why"].endswith(f" --data '{tmp_path / 'x y'}'")
    assert shown(tmp_path) == str(tmp_path)


def test_the_command_can_be_called_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path(command().split()[0]).is_absolute() or command() == "doorward"
    monkeypatch.setattr("sys.executable", str(tmp_path / "nowhere" / "python"))
    assert command().endswith("-m doorward")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "doorward"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path / "bin")
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    assert command() == "doorward"


def test_seconds_are_counted_from_the_start_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seconds_running() > 0

    def missing(self: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert seconds_running() > 0


def test_a_directory_is_prepared_before_anything_listens(tmp_path: Path) -> None:
    (tmp_path / "doorward.db").write_text("")
    with pytest.raises(Misconfigured):
        directory.prepare(tmp_path)
