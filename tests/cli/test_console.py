"""How replies look: tables and lines for people, JSON for programs, and plain characters where there are no others."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import pytest

from doorward.cli.console import as_text, say_error, show, spelled, table


@dataclass
class Reply:
    """A reply."""

    name: str
    tags: tuple[str, ...] = ()


def test_rows_are_a_table_without_what_is_empty() -> None:
    rows = [{"id": "1", "name": "Ann", "email": None, "ok": True}, {"id": "22", "name": "", "email": None, "ok": False}]
    assert table(rows) == "id  name  ok\n1   Ann   yes\n22        no"


def test_a_page_says_how_to_go_on() -> None:
    assert as_text({"items": [{"id": "1"}], "next": "1"}) == "id\n1\n\nmore: --after 1"
    assert as_text({"items": [], "next": None}) == "none"


def test_a_thing_is_lines() -> None:
    assert (
        as_text({"id": "1", "names": ["a", "b"], "data": {"x": 1}, "none": None}) == "id     1\nnames  a b\ndata   x=1"
    )
    assert as_text({}) == "done"
    assert as_text("plain") == "plain"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in as_text({"name": "\x1b[31mred"})


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    show(Reply("Ann", ("x",)), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"name": "Ann", "tags": ["x"]}
    show(None, as_json=True)
    assert json.loads(capsys.readouterr().out) is None


def test_people_get_what_the_operation_renders(capsys: pytest.CaptureFixture[str]) -> None:
    show(Reply("Ann"), as_json=False, render=lambda reply: f"it is {reply.name}")
    show(Reply("Ann"), as_json=False)
    show(None, as_json=False)
    assert capsys.readouterr().out == "it is Ann\nname  Ann\ndone\n"


def test_an_error_is_two_lines_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say_error("it broke", "mend it")
    say_error("again")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "error: it broke\n  hint: mend it\nerror: again\n"


def test_a_terminal_without_unicode_gets_plain_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    ascii: Any = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr("sys.stdout", ascii)
    assert spelled("✓ ann · é") == "+ ann | ?"
