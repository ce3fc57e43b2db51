"""What `doorward init fastapi` writes works: its own tests pass in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOORWARD_", "PYTEST_"))}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    done = run(tmp_path, sys.executable, "-m", "doorward", "init", "fastapi")
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_written_tests_pass(written: Path) -> None:
    done = run(written, *PYTEST)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    assert not (written / ".doorward").exists(), "tests have a database of their own"


def test_the_written_tests_fail_when_a_guard_is_taken_away(written: Path) -> None:
    app = (written / "app.py").read_text()
    guard = ', who: Annotated[Principal, door.require("invoice:pay", id="invoice_id")]'
    assert guard in app
    (written / "app.py").write_text(app.replace(guard, ""))
    done = run(written, *PYTEST)
    assert done.returncode == 1
    assert "POST /invoices/{invoice_id}/pay has no guard" in done.stdout


def test_the_written_tests_fail_when_a_role_grows(written: Path) -> None:
    access = (written / "access.toml").read_text()
    (written / "access.toml").write_text(access.replace('clerk = ["invoice:read"]', 'clerk = ["invoice:*"]'))
    done = run(written, *PYTEST)
    assert done.returncode == 1
    assert "assert 200 == 403" in done.stdout
