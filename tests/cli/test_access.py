"""`doorward apply`: says what it would do, does it, and leaves alone what is not the file's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Doorward

ACCESS = '[permissions]\ninvoice = ["read", "pay"]\n[roles]\nclerk = ["invoice:read"]\n'


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> Path:
    path = tmp_path / "access.toml"
    path.write_text(ACCESS)
    return path


def test_a_dry_run_changes_nothing_and_says_the_same(doorward: Doorward, file: Path) -> None:
    doorward("apply")
    file.write_text(ACCESS.replace('["invoice:read"]', '["invoice:*"]'))
    dry = doorward("apply", "--dry-run")
    assert dry.out.startswith("would change:\n")
    assert doorward("check", "--help").status == 0
    assert json.loads(doorward("role", "show", "clerk", "--json").out)["permissions"] == ["invoice:read"]
    assert doorward("apply").out == dry.out.removeprefix("would change:\n")
    assert json.loads(doorward("role", "show", "clerk", "--json").out)["permissions"] == ["invoice:pay", "invoice:read"]
    assert doorward("apply").out == "nothing to change\n"


def test_json_lists_the_changes(doorward: Doorward) -> None:
    said = json.loads(doorward("apply", "access.toml", "--json").out)
    assert said["dry_run"] is False
    assert {"action": "add", "kind": "role", "name": "clerk", "detail": "invoice:read"} in said["changes"]


def test_the_api_can_be_named(doorward: Doorward) -> None:
    doorward("apply", "--resource", "https://invoices.example.com")
    servers = json.loads(doorward("resource-server", "list", "--json").out)["items"]
    assert [server["identifier"] for server in servers] == ["https://invoices.example.com"]


def test_a_role_made_at_run_time_is_left_alone(doorward: Doorward) -> None:
    doorward("apply")
    doorward("role", "put", "auditor", "--permission", "invoice:read")
    doorward("apply")
    assert doorward("role", "show", "auditor").status == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("[permissions", "access.toml"), ("[rols]\nx = []\n", "did you mean"), ('[roles]\nx = ["no:such"]\n', "no:such")],
)
def test_a_mistake_is_named_with_its_place(doorward: Doorward, file: Path, text: str, said: str) -> None:
    file.write_text(text)
    done = doorward("apply")
    assert done.status == 2
    assert said in done.err


def test_a_file_that_is_not_there_is_said(doorward: Doorward) -> None:
    assert doorward("apply", "missing.toml").status == 2
