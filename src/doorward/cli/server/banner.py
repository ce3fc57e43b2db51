"""What `doorward dev` says when it is ready: addresses, people, and commands that work when pasted."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Ready:
    """A `dev` server that answers. `code` is None once setup is closed."""

    url: str
    demo: str
    code: str | None
    code_minutes: int
    people: Mapping[str, str]  # username: "clerk in acme"
    passwords: Mapping[str, str]
    key: str
    data: Path


def banner(ready: Ready, seconds: float) -> str:
    """The lines, in their order."""
    return "\n".join([f"doorward dev, ready in {seconds:.1f} s (Ctrl-C stops)", *map(_line, lines(ready))])


def lines(ready: Ready) -> list[tuple[str, str]]:
    """Each line but the first: its word, and what follows."""
    setup = f"{ready.url}/setup   code {ready.code}   once, {ready.code_minutes} min"
    people = " · ".join(f"{name} / {ready.passwords[name]}  {what}" for name, what in ready.people.items())
    call = f'curl -H "Authorization: Bearer {ready.key}"'
    program, data = command(), shown(ready.data)
    where = "" if data == "./.doorward" else f" --data {shlex.quote(data)}"
    found = [
        ("Demo", f"{ready.demo}/docs    {people}"),
        ("200", f"{call} {ready.demo}/invoices/1"),
        ("403", f"{call} -X POST {ready.demo}/invoices/1/pay"),
        ("404", f"{call} {ready.demo}/invoices/2"),
        ("Why", f"{program} check ann invoice:read invoice:2{where}"),
        ("Data", f"{data} (delete to start over)"),
        ("Next", "doorward init fastapi · doorward serve --help"),
    ]
    return [("Setup", setup), *found] if ready.code else found


def said(ready: Ready, text: str) -> dict[str, Any]:
    """The same for programs: what dev.json holds."""
    setup = {"url": f"{ready.url}/setup", "code": ready.code} if ready.code else None
    return {
        "url": ready.url,
        "setup": setup,
        "demo": {"url": ready.demo, "docs": f"{ready.demo}/docs"},
        "people": [
            {"username": name, "password": ready.passwords[name], "is": what} for name, what in ready.people.items()
        ],
        "key": ready.key,
        "lines": dict(lines(ready)),
        "banner": text.splitlines(),
        "process": os.getpid(),
    }


def _line(line: tuple[str, str]) -> str:
    return f"{line[0]:<8}{line[1]}"


def command() -> str:
    """How to call this very `doorward` from here: by a path below this directory, by its name, or by its full path."""
    program = Path(sys.executable).with_name("doorward")
    if not program.exists():
        return f"{shlex.quote(sys.executable)} -m doorward"
    here = Path.cwd()
    if program.is_relative_to(here):
        return shlex.quote(str(program.relative_to(here)))
    found = shutil.which("doorward")
    return "doorward" if found and Path(found) == program else shlex.quote(str(program))


def shown(path: Path) -> str:
    """A path as it is written from here: `./.doorward`."""
    full = Path(os.path.abspath(path))
    return f"./{full.relative_to(Path.cwd())}" if full.is_relative_to(Path.cwd()) else str(full)
