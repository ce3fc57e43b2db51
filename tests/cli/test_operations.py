"""Every operation as a command, made from its declaration: the same samples as over HTTP, as arguments and options."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from doorward.adapters import SystemClock
from doorward.app import assemble, close, house
from doorward.cli.commands import COMMANDS
from doorward.cli.fields import fields_of as cli_fields
from doorward.cli.generate import noun
from doorward.testing import open_world
from doorward.web.route import Operation
from tests.administration import SAMPLES, fields_of, furnish
from tests.cli.conftest import Doorward

OPERATIONS = {operation.name: operation for operation in house().operations}
NEEDS_KEY = ("verify_audit",)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    path = tmp_path_factory.mktemp("place") / "doorward.db"

    async def make() -> dict[str, str]:
        world = await open_world(path, clock=SystemClock())
        await assemble(world)
        ids = await furnish(world)
        await close(world)
        return ids

    return path, asyncio.run(make())


@pytest.fixture
def ids(furnished: tuple[Path, dict[str, str]], tmp_path: Path) -> dict[str, str]:
    """What is in `.doorward` here."""
    source, ids = furnished
    (tmp_path / ".doorward").mkdir(mode=0o700)
    shutil.copy(source, tmp_path / ".doorward" / "doorward.db")
    return ids


def spelled(operation: Operation[Any, Any], fields: dict[str, Any], folder: Path) -> tuple[list[str], str]:
    """The command line that makes this request, and its standard input."""
    line, stdin = operation.command.split(" "), ""
    known = {field.name: field for field in cli_fields(operation.request)}
    for name in operation.arguments:
        if name in fields:
            value = fields.pop(name)
            if known[name].kind == "file":
                (folder / "given.txt").write_text(value)
                value = str(folder / "given.txt")
            line.append(str(value))
    for name, value in fields.items():
        field = known[name]
        if field.kind == "secret":
            line.append(f"--{field.option}-stdin")
            stdin = value
        elif isinstance(value, bool):
            line += [f"--{field.option}"] if value else []
        else:
            for one in value if isinstance(value, list) else [value]:
                line += [f"--{field.option}", str(one)]
    return line, stdin


def test_the_table_and_the_house_agree() -> None:
    made = {operation.command.split(" ")[0] for operation in OPERATIONS.values() if operation.command}
    by_hand = {name for name, command in COMMANDS.items() if command.place}
    assert {name for name, command in COMMANDS.items() if not command.place} | {"check"} == made
    assert by_hand & made == {"check"}  # which is written by hand and asks the same


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_a_command_with_its_own_words(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation.command
    assert operation.summary.endswith((".", "?"))
    for field in cli_fields(operation.request):
        assert field.kind != "secret" or field.name not in operation.arguments


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_a_command_does_what_the_operation_does(
    doorward: Doorward, ids: dict[str, str], tmp_path: Path, name: str
) -> None:
    operation, sample = OPERATIONS[name], SAMPLES[name]
    line, stdin = spelled(operation, fields_of(name, ids), tmp_path)
    done = doorward(*line, "--json", stdin=stdin)
    if name in NEEDS_KEY:
        assert done.status == 0 or "secret key" in done.err
        return
    assert done.status == 0, done.err
    said = json.loads(done.out)
    if operation.reply is type(None):
        assert said is None
    else:
        assert sample.reply.items() <= said.items()
    assert not [secret for secret in _secrets(ids) if secret in done.out + done.err]


@pytest.mark.parametrize("name", sorted(name for name, operation in OPERATIONS.items() if operation.method == "GET"))
def test_what_only_reads_makes_no_database(doorward: Doorward, tmp_path: Path, name: str) -> None:
    fields = {
        field: value.strip("{}") if isinstance(value, str) else value for field, value in SAMPLES[name].fields.items()
    }
    line, stdin = spelled(OPERATIONS[name], fields, tmp_path)
    done = doorward(*line, stdin=stdin)
    assert done.status == 2
    assert done.err.startswith("error: there is no database at")
    assert not (tmp_path / ".doorward").exists()


@pytest.mark.parametrize(
    "name", ["list_users", "list_assignments", "show_model", "list_audit_events", "assign", "end_sessions"]
)
def test_people_get_text(doorward: Doorward, ids: dict[str, str], tmp_path: Path, name: str) -> None:
    line, stdin = spelled(OPERATIONS[name], fields_of(name, ids), tmp_path)
    done = doorward(*line, stdin=stdin)
    assert done.status == 0
    assert done.out.strip()
    assert not done.out.startswith("{")


def test_what_a_command_changes_is_recorded_as_the_operators(doorward: Doorward, ids: dict[str, str]) -> None:
    doorward("user", "disable", "ann")
    [event] = json.loads(doorward("audit", "list", "--action", "user.disable", "--json").out)["items"]
    assert event["actor"].startswith("operator:")
    assert event["credential"] == "operator"


def _secrets(ids: dict[str, str]) -> Iterable[str]:
    return [ids[name] for name in ("admin", "nobody", "cookie", "client_secret")]


def test_an_empty_noun_shows_its_verbs() -> None:
    group = noun(COMMANDS["user"])
    assert {"create", "list", "show", "disable"} <= set(group.commands)  # type: ignore[attr-defined]  # it is a Group
