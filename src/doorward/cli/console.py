"""How the command line speaks: tables and lines for people, JSON for programs, errors on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

_GAP = 2
_EMPTY: tuple[object, ...] = (None, "", [], (), {})


def say_error(description: str, hint: str = "") -> None:
    """`error: …` and, indented under it, `hint: …`, on stderr."""
    click.echo(f"error: {description}", err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)


def say_note(text: str) -> None:
    """A remark that is not the command's output, on stderr."""
    click.echo(text, err=True)


def show(reply: object, *, as_json: bool, render: Callable[[Any], str] | None = None) -> None:
    """Print a reply: one JSON document, or what `render` makes of it, or a table (of `items`) or lines."""
    import msgspec

    if as_json:
        plain = msgspec.to_builtins(reply)
        click.echo(json.dumps(plain, indent=2, ensure_ascii=not _utf8()))
    elif reply is None:
        click.echo("done")
    elif render is not None:
        click.echo(spelled(render(reply)))
    else:
        click.echo(spelled(as_text(msgspec.to_builtins(reply))))


def as_text(plain: object) -> str:
    """A reply for a person: `items` as a table, other fields as `name: value` lines, what is empty left out."""
    if isinstance(plain, Mapping) and isinstance(plain.get("items"), list):
        text = table(plain["items"]) if plain["items"] else "none"
        after = plain.get("next")
        return f"{text}\n\nmore: --after {after}" if after else text
    if isinstance(plain, Mapping):
        shown = {name: _cell(value) for name, value in plain.items() if value not in _EMPTY}
        width = max((len(name) for name in shown), default=0)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in shown.items()) or "done"
    return str(plain)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as aligned columns under their names; a column that is empty in every row is left out."""
    names = [name for name in rows[0] if any(row.get(name) not in _EMPTY for row in rows)]
    lines = [names] + [[_cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    gap = " " * _GAP
    return "\n".join(
        gap.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def spelled(text: str) -> str:
    """The text as this terminal can print it: ✓ and ✗ become `+` and `-` where the encoding lacks them."""
    if _utf8():
        return text
    encoding = sys.stdout.encoding or "ascii"
    for fancy, plain in (("✓", "+"), ("✗", "-"), ("…", "..."), ("·", "|")):
        text = text.replace(fancy, plain)
    return text.encode(encoding, "replace").decode(encoding)


def _utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(_cell(part) for part in value)
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_cell(part)}" for name, part in value.items())
    return "".join(character if character.isprintable() else "\ufffd" for character in str(value))
