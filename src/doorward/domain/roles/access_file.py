"""access.toml: permissions, roles and the model's file, read and checked as far as that needs no database.

    [permissions]
    invoice = ["read", "list", "create", "pay"]
    [roles]
    clerk = ["invoice:read", "invoice:list"]
    owner = { permissions = ["invoice:*"], description = "everything about invoices" }

`model` at the top names a file beside it, `resource` the API that the permissions belong to, `name` what people call
that API. Every error names the line, the table and the key.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from doorward.core.access.dsl import parse
from doorward.core.access.model import ModelError
from doorward.core.access.relation import shown
from doorward.core.errors import Conflict, Invalid
from doorward.domain.roles import rules

TOP = ("permissions", "roles", "model", "resource", "name")
ROLE_KEYS = ("permissions", "description")


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """A role as the file names it: patterns not yet expanded."""

    name: str
    permissions: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class AccessFile:
    """What an access.toml says. `resource` is empty when it names none, `model` None when it has no model.

    `lines` says where a key stands, for errors that only the database can tell.
    """

    permissions: tuple[str, ...] = ()
    roles: tuple[RoleEntry, ...] = ()
    resource: str = ""
    name: str = ""
    model: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    source: str = "access.toml"

    def fail(self, where: str, error: Invalid | Conflict) -> NoReturn:
        """Raise the error, with the place in the file in front."""
        at = f"{self.source}, line {self.lines[where]}: " if where in self.lines else f"{self.source}: "
        raise type(error)(f"{at}{where}: {error.description}", reason=error.reason, hint=error.hint)


def read_access_file(path: Path) -> AccessFile:
    """The file and the model beside it. Invalid naming line, table and key; ModelError for the model."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"`{path}` can't be read", reason="access.unreadable", hint=_why(error)) from error
    return parse_access(text, source=path.name, folder=path.parent)


def parse_access(text: str, *, source: str = "access.toml", folder: Path | None = None) -> AccessFile:
    """What a text says. `folder` is where the model's path begins; without one a model can't be named."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{source}: {error}".rstrip("."), reason="access.malformed") from error
    reader = _Reader(source, _lines(text))
    reader.keys("", document, TOP)
    permissions = reader.permissions(document.get("permissions", {}))
    return AccessFile(
        permissions=permissions,
        roles=reader.roles(document.get("roles", {})),
        resource=reader.text("resource", document.get("resource", "")),
        name=reader.text("name", document.get("name", "")),
        model=reader.model(document.get("model"), folder),
        lines=reader.lines,
        source=source,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    source: str
    lines: Mapping[str, int]

    def fail(self, where: str, problem: str, hint: str = "") -> NoReturn:
        AccessFile(lines=self.lines, source=self.source).fail(
            where, Invalid(problem, reason="access.malformed", hint=hint)
        )

    def keys(self, table: str, found: Mapping[str, object], known: Collection[str]) -> None:
        for key in found:
            if key not in known:
                where = f"{table}.{key}" if table else key
                near = difflib.get_close_matches(key, list(known), n=1)
                self.fail(
                    where,
                    "is not known here",
                    f"did you mean `{near[0]}`?" if near else f"it can have {', '.join(known)}",
                )

    def text(self, where: str, value: object) -> str:
        if not isinstance(value, str):
            self.fail(where, "must be a text in quotes")
        return value

    def texts(self, where: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fail(where, "must be a list of texts", f'write `{where.rpartition(".")[2]} = ["…", "…"]`')
        twice = [one for index, one in enumerate(value) if one in value[:index]]
        if twice:
            self.fail(where, f"`{shown(twice[0])}` is there twice")
        return tuple(value)

    def table(self, where: str, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict):
            self.fail(where, "must be a table", f"write `[{where}]`")
        return value

    def permissions(self, value: object) -> tuple[str, ...]:
        found: list[str] = []
        for kind, verbs in self.table("permissions", value).items():
            where = f"permissions.{kind}"
            for verb in self.texts(where, verbs):
                try:
                    rules.checked_permissions([f"{kind}:{verb}"], (), ())
                except Invalid as error:
                    self.fail(where, error.description, error.hint)
                found.append(f"{kind}:{verb}")
        return tuple(found)

    def roles(self, value: object) -> tuple[RoleEntry, ...]:
        return tuple(self.role(name, entry) for name, entry in self.table("roles", value).items())

    def role(self, name: str, entry: object) -> RoleEntry:
        where = f"roles.{name}"
        try:
            rules.role_name(name)
        except Invalid as error:
            self.fail(where, error.description, error.hint)
        if not isinstance(entry, dict):
            return RoleEntry(name, self.texts(where, entry))
        self.keys(where, entry, ROLE_KEYS)
        description = self.text(f"{where}.description", entry.get("description", ""))
        return RoleEntry(name, self.texts(f"{where}.permissions", entry.get("permissions", [])), description)

    def model(self, value: object, folder: Path | None) -> str | None:
        if value is None:
            return None
        name = self.text("model", value)
        if folder is None:
            self.fail("model", "a model can only be named in a file")
        try:
            text = (folder / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.fail("model", f"`{shown(name)}` can't be read", _why(error))
        try:
            parse(text)
        except ModelError as error:
            raise ModelError([*error.problems]) from error
        return text


_TABLE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def _lines(text: str) -> dict[str, int]:
    """Where each key stands, by its dotted name, as well as can be told without a parser that says."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _dotted(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(".".join(filter(None, (table, _dotted(key[1])))), number)
    return found


def _dotted(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _why(error: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else (error.strerror or "").lower()
