"""From a request's fields to options, and back: every kind of field, and secrets never as arguments."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import msgspec
import pytest
from msgspec import Meta

from doorward.cli.fields import fields_of, parameters, request_from
from doorward.core.errors import Invalid
from doorward.web.route import Secret


class Everything(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One field of each kind."""

    text: str
    count: int | None = None
    on: bool = False
    maybe: bool | None = None
    yes: bool = True
    kind: Literal["a", "b"] | None = None
    redirect_uris: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    client_name: Annotated[str, Meta(description="What it is called.", extra={"option": "name"})] = ""
    dsl: Annotated[str, Meta(extra={"file": True})] = ""
    password: Secret | None = None


class Locked(msgspec.Struct):
    """A secret that must be given."""

    secret: Secret


class Odd(msgspec.Struct):
    """No command line can spell this."""

    odd: int | str


def read(request: type[Any], *line: str, arguments: tuple[str, ...] = ()) -> Any:
    """The request that a command line says."""
    fields = fields_of(request)
    seen: list[Any] = []
    command = click.Command(
        "x",
        params=parameters(fields, arguments),
        callback=lambda **values: seen.append(request_from(request, fields, values)),
    )
    command.main(list(line), standalone_mode=False)
    return seen[0]


@pytest.fixture(autouse=True)
def no_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "")


def say(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_what_is_left_out_is_the_default() -> None:
    assert read(Everything, "--text", "x") == Everything(text="x")


def test_each_kind_is_read(tmp_path: Path) -> None:
    (tmp_path / "model.fga").write_text("model\n")
    line = "--count 3 --on --no-maybe --no-yes --kind b --redirect-uri u --redirect-uri v --label a=1 --name n --dsl"
    read_back = read(Everything, "--text", "x", *line.split(), str(tmp_path / "model.fga"))
    assert read_back == Everything(
        text="x",
        count=3,
        on=True,
        maybe=False,
        yes=False,
        kind="b",
        redirect_uris=("u", "v"),
        labels={"a": "1"},
        client_name="n",
        dsl="model\n",
    )


def test_the_apis_own_name_is_an_option_too() -> None:
    assert read(Everything, "--text", "x", "--client-name", "n", "--redirect-uris", "u") == Everything(
        text="x", client_name="n", redirect_uris=("u",)
    )


def test_arguments_come_by_position() -> None:
    assert read(Everything, "x", "u", "v", arguments=("text", "redirect_uris")) == Everything(
        text="x", redirect_uris=("u", "v")
    )
    assert read(Everything, "--text", "x", arguments=("client_name",)) == Everything(text="x")


@pytest.mark.parametrize("option", ["--password-stdin", "--password-file"])
def test_a_secret_loses_one_newline_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    say(monkeypatch, " open  sesame \r\n")
    (tmp_path / "secret").write_bytes(b" open  sesame \r\n")
    line = [option] if option.endswith("stdin") else [option, str(tmp_path / "secret")]
    assert read(Everything, "--text", "x", *line).password == " open  sesame "


def test_a_secret_is_no_argument() -> None:
    with pytest.raises(click.UsageError):
        read(Everything, "--text", "x", "--password", "hunter2")


def test_a_secret_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not both"):
        read(Everything, "--text", "x", "--password-stdin", "--password-file", "x")


def test_a_required_secret_that_is_missing_says_how_to_give_it() -> None:
    with pytest.raises(Invalid) as caught:
        read(Locked)
    assert "--secret-stdin" in caught.value.hint


def test_a_secret_is_asked_for_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[tuple[str, dict[str, Any]]] = []

    def prompt(text: str, **options: Any) -> str:
        asked.append((text, options))
        return "sesame"

    monkeypatch.setattr("click.prompt", prompt)
    assert read(Locked).secret == "sesame"
    assert read(Everything, "--text", "x", "--password-stdin").password == "sesame"
    assert all(options["hide_input"] for _, options in asked)


def test_a_file_of_one_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "model\n")
    assert read(Everything, "--text", "x", "--dsl", "-").dsl == "model\n"


@pytest.mark.parametrize(
    "line", [("--dsl", "missing.fga"), ("--label", "novalue"), ("--password-file", "missing")], ids=lambda line: line[0]
)
def test_what_cannot_be_read_is_an_error_in_words(line: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        read(Everything, "--text", "x", *line)


def test_bytes_that_are_no_text_are_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff")
    with pytest.raises(Invalid, match="UTF-8"):
        read(Everything, "--text", "x", "--dsl", str(tmp_path / "x"))


def test_what_the_type_refuses_is_an_error_in_words() -> None:
    class Short(msgspec.Struct):
        name: Annotated[str, Meta(max_length=3)]

    with pytest.raises(Invalid, match=r"length <= 3"):
        read(Short, "--name", "long")


def test_what_no_command_line_can_spell_is_found_when_it_is_made() -> None:
    with pytest.raises(TypeError):
        fields_of(Odd)
    with pytest.raises(TypeError):
        fields_of(int)

    class Float(msgspec.Struct):
        ratio: float

    with pytest.raises(TypeError):
        fields_of(Float)
