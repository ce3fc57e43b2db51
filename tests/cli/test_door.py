"""The root command: help without imports, errors in words, exit statuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from doorward.cli import main
from doorward.cli.commands import COMMANDS
from tests.cli.conftest import Doorward


def test_help_lists_every_command(doorward: Doorward) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        done = doorward(*arguments)
        assert done.status == 0
        for name, command in COMMANDS.items():
            assert f"  {name} " in done.out
            assert command.help.split()[0] in done.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(doorward: Doorward, name: str) -> None:
    done = doorward(name, "--help")
    assert done.status == 0
    assert done.out.startswith(f"Usage: doorward {name}")


def test_help_loads_nothing_but_click() -> None:
    code = (
        "import sys; from doorward.cli.door import run; run(['--help']); print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & {"starlette", "msgspec", "cryptography", "uvicorn", "sqlite3", "asyncio", "doorward.app"}
    assert "click" in loaded


def test_the_version_is_said(doorward: Doorward) -> None:
    assert doorward("--version").out.startswith("doorward 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        ("usr",),
        ("user", "creat"),
        ("user", "create", "--colour", "red"),
        ("user", "show"),
        ("check",),
        ("check", "ann"),
    ],
)
def test_a_wrong_command_line_exits_2_and_points_to_help(doorward: Doorward, arguments: tuple[str, ...]) -> None:
    done = doorward(*arguments)
    assert done.status == 2
    assert done.err.startswith("error: ")
    assert "hint: " in done.err
    assert not done.out


def test_a_noun_alone_shows_its_verbs_and_is_no_success(doorward: Doorward) -> None:
    done = doorward("user")
    assert done.status == 2
    assert "create" in done.out


def test_an_unexpected_error_exits_2_and_never_1(doorward: Doorward, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 means denied, so nothing else may end with it."""

    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("doorward.cli.generate.work", broken)
    done = doorward("user", "list")
    assert done.status == 2
    assert "boom" in done.err


def test_a_missing_package_names_the_extra(tmp_path: Path) -> None:
    """As on a machine where only the core is installed."""
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError('no click', name='click')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from doorward.cli import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert 'pip install "doorward[server]"' in done.stderr


def test_a_package_missing_from_one_command_names_the_extra(
    doorward: Doorward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*arguments: object, **options: object) -> None:
        raise ModuleNotFoundError("no uvicorn", name="uvicorn")

    monkeypatch.setattr("doorward.cli.generate.work", missing)
    done = doorward("user", "list")
    assert done.status == 2
    assert "uvicorn" in done.err
    assert "doorward[server]" in done.err


def test_main_exits_with_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as left:
        main(["nonsense"])
    assert left.value.code == 2


def test_a_refusal_is_said_with_its_hint(doorward: Doorward) -> None:
    done = doorward("user", "create", "--username", "ann", "--password-stdin", stdin="short\n")
    assert done.status == 2
    assert done.err.splitlines()[-2:] == [
        "error: `password` is shorter than 15 characters",
        "  hint: a few unrelated words are easy to remember and hard to guess",
    ]
