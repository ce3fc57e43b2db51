"""doctor, backup and restore, as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from doorward.app import build, close
from doorward.cli.care import doctor
from doorward.core.settings import Settings
from tests.cli.conftest import Doorward

SECRET = "A" * 43
OTHER = "B" * 42 + "A"


def found(doorward: Doorward, status: int = 0) -> dict[str, str]:
    """What the doctor says: each text with its state."""
    done = doorward("doctor", "--json")
    assert done.status == status, done.out + done.err
    return {finding["what"]: finding["state"] for finding in json.loads(done.out)["findings"]}


def state(findings: dict[str, str], part: str) -> str:
    [found] = [state for what, state in findings.items() if part in what]
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id is as fast as it is; here it is told to be fast enough."""
    monkeypatch.setattr(doctor, "SLOW_HASHES", 0)


def test_an_empty_directory_is_not_ill(doorward: Doorward, tmp_path: Path) -> None:
    findings = found(doorward)
    assert state(findings, "no database") == "weak"
    assert state(findings, "argon2id hashes a second") == "ok"
    assert not (tmp_path / ".doorward").exists()


def test_a_healthy_installation(doorward: Doorward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORWARD_SECRET_KEY", SECRET)
    monkeypatch.setenv("DOORWARD_PUBLIC_URL", "https://auth.example.com")
    doorward("api-key", "create", "--admin")
    assert state(found(doorward), "no proxy is trusted") == "weak"
    monkeypatch.setenv("DOORWARD_TRUSTED_PROXIES", "127.0.0.1")
    findings = found(doorward)
    assert set(findings.values()) == {"ok"}
    assert state(findings, "is whole") == "ok"
    assert state(findings, "setup is closed") == "ok"


def test_no_administrator_is_weak(doorward: Doorward) -> None:
    doorward("user", "create", "--username", "ann")
    assert state(found(doorward), "no administrator") == "weak"


def test_files_that_others_can_read_are_wrong(doorward: Doorward, tmp_path: Path) -> None:
    doorward("user", "create", "--username", "ann")
    (tmp_path / ".doorward" / "doorward.db").chmod(0o644)
    assert state(found(doorward, 2), "can be read or changed by others") == "wrong"


def test_a_damaged_database_is_wrong(doorward: Doorward, tmp_path: Path) -> None:
    (tmp_path / ".doorward").mkdir(mode=0o700)
    (tmp_path / ".doorward" / "doorward.db").write_bytes(b"not a database at all" * 1000)
    assert state(found(doorward, 2), "is damaged") == "wrong"


def test_a_database_of_somebody_else_is_wrong(doorward: Doorward, tmp_path: Path) -> None:
    (tmp_path / ".doorward").mkdir(mode=0o700)
    path = tmp_path / ".doorward" / "doorward.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    connection.close()
    path.chmod(0o600)
    findings = found(doorward, 2)
    assert "wrong" in findings.values()


def test_a_key_that_is_none_is_wrong(doorward: Doorward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORWARD_SECRET_KEY", "short")
    findings = found(doorward, 2)
    assert state(findings, "not 32 bytes") == "wrong"


def test_another_key_than_the_signing_keys_were_sealed_with_is_wrong(
    doorward: Doorward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def make() -> None:
        settings = Settings(data=str(tmp_path / ".doorward"), public_url="https://a.example", secret_key=SECRET)
        await close((await build(settings)).world)

    asyncio.run(make())
    monkeypatch.setenv("DOORWARD_SECRET_KEY", SECRET)
    assert state(found(doorward), "which the secret key opens") == "ok"
    monkeypatch.setenv("DOORWARD_SECRET_KEY", OTHER)
    assert state(found(doorward, 2), "cannot be opened") == "wrong"


def test_a_clock_behind_the_record_is_wrong(doorward: Doorward, tmp_path: Path) -> None:
    doorward("user", "create", "--username", "ann")
    with sqlite3.connect(tmp_path / ".doorward" / "doorward.db") as connection:
        connection.execute("UPDATE doorward_audit_events SET at = at + 3600000000")
    connection.close()
    assert state(found(doorward, 2), "the clock says") == "wrong"


def test_slow_hashing_and_weakened_settings_are_told(doorward: Doorward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SLOW_HASHES", 10**9)
    for name, value in {
        "PASSWORD_MIN_LENGTH": "8",
        "ATTEMPTS_PER_ACCOUNT": "100",
        "ATTEMPTS_PER_ADDRESS": "1000",
        "FRESHNESS": "1",
        "TRUST_EMAIL": "yes",
        "PUBLIC_URL": "http://127.0.0.1:8080",
    }.items():
        monkeypatch.setenv(f"DOORWARD_{name}", value)
    findings = found(doorward)
    assert state(findings, "hashes a second") == "weak"
    assert list(findings.values()).count("weak") >= 7


def test_the_doctor_speaks_to_people(doorward: Doorward) -> None:
    done = doorward("doctor")
    assert "✓ Python" in done.out
    assert "! no public URL\n    set DOORWARD_PUBLIC_URL" in done.out


def test_a_backup_is_restored_elsewhere(doorward: Doorward, tmp_path: Path) -> None:
    doorward("user", "create", "--username", "ann")
    made: Any = json.loads(doorward("backup", "copy.db", "--json").out)
    assert made["bytes"] == (tmp_path / "copy.db").stat().st_size
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    again = doorward("backup", "copy.db")
    assert (again.status, "is there already" in again.err) == (2, True)
    doorward("user", "delete", "ann")
    done = doorward("restore", "copy.db")
    assert done.status == 0
    assert "look through it" in done.out
    assert "ann" in doorward("user", "list").out


def test_what_cannot_be_backed_up_or_restored_is_said(doorward: Doorward, tmp_path: Path) -> None:
    assert doorward("backup", "copy.db").status == 2
    assert doorward("restore", "copy.db").status == 2
    (tmp_path / "noise").write_bytes(b"noise" * 1000)
    assert doorward("restore", "noise").status == 2
    assert not (tmp_path / ".doorward" / "doorward.db").exists()
