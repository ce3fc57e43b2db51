"""Where a command works: data directory, dev's key, the operator, and what is refused as an argument."""

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest

from doorward.cli.place import Place, operator
from doorward.core.errors import Misconfigured
from tests.cli.conftest import Doorward


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DOORWARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_a_directory_of_devs_brings_its_key_and_url(tmp_path: Path) -> None:
    (tmp_path / "dev").write_text("")
    (tmp_path / "secret.key").write_text("k" * 43 + "\n")
    (tmp_path / "dev.json").write_text(json.dumps({"url": "http://127.0.0.1:9"}))
    settings = Place(data=str(tmp_path)).settings()
    assert settings.secret_key == "k" * 43
    assert settings.public_url == "http://127.0.0.1:9"
    assert settings.dev


def test_another_directory_brings_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("k" * 43)
    settings = Place(data=str(tmp_path)).settings()
    assert not settings.secret_key
    assert not settings.dev


def test_a_broken_dev_json_is_said(tmp_path: Path) -> None:
    (tmp_path / "dev").write_text("")
    (tmp_path / "dev.json").write_text("{")
    with pytest.raises(Misconfigured, match="not JSON"):
        Place(data=str(tmp_path)).settings()


def test_an_unreadable_key_is_said(tmp_path: Path) -> None:
    (tmp_path / "dev").write_text("")
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(Misconfigured, match="cannot read"):
        Place(data=str(tmp_path)).settings()


def test_the_operator_is_the_account_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    principal, caller = operator()
    name = pwd.getpwuid(os.getuid()).pw_name
    assert principal.subject == caller.actor == f"operator:{name}"
    assert principal.credential_kind == "operator"


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", nobody)
    assert operator()[0].subject == f"operator:{os.getuid()}"


def test_a_database_url_with_a_password_is_refused_as_an_argument(doorward: Doorward) -> None:
    done = doorward("user", "list", "--database-url", "postgresql://doorward:hunter2@db/x")
    assert done.status == 2
    assert "DOORWARD_DATABASE_URL_FILE" in done.err
    assert "hunter2" not in done.err


def test_data_and_database_url_say_where(doorward: Doorward, tmp_path: Path) -> None:
    made = doorward("user", "create", "--username", "ann", "--data", "elsewhere")
    assert made.status == 0
    assert "made elsewhere/doorward.db" in made.err
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "elsewhere" / "doorward.db").stat().st_mode & 0o777 == 0o600
    assert "ann" in doorward("user", "list", "--database-url", "sqlite:///elsewhere/doorward.db").out
    absolute = f"sqlite:////{str(tmp_path / 'elsewhere' / 'doorward.db').lstrip('/')}"
    assert "ann" in doorward("user", "list", "--database-url", absolute).out


@pytest.mark.parametrize("url", ["postgresql://db/x", "sqlite://", "sqlite:///", "mysql:///x"])
def test_another_kind_of_database_is_refused(doorward: Doorward, url: str) -> None:
    done = doorward("user", "list", "--database-url", url)
    assert done.status == 2
    assert "sqlite:///" in done.err


def test_an_unknown_variable_stops_every_command(doorward: Doorward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORWARD_DTA", "x")
    done = doorward("user", "list")
    assert done.status == 2
    assert "did you mean `DOORWARD_DATA`?" in done.err
