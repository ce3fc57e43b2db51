"""Migrations: numbered SQL files in the folder of whoever owns the tables, applied forward and never edited afterwards.

`domain/accounts/migrations/0001_tables.sql` belongs to the owner `doorward.domain.accounts`. The text is neutral DDL
(`adapters.ddl`): types `TEXT BIGINT BOOLEAN BYTES JSON` behind quoted column names, tables and indexes as `{name}`.
Tables whose record is defined in `core` are made by the files beside this one.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from doorward.adapters import ddl
from doorward.core.errors import Misconfigured
from doorward.core.table import Table

_NAME = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")
_PARTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|(?P<end>;)|[^;'\"/-]+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `checksum` is SHA-256 of its text: an applied one that differs is refused."""

    owner: str
    number: int
    name: str
    statements: tuple[str, ...]
    checksum: str


Applied = Mapping[tuple[str, int], str]
"""Checksums of what a database has, by owner and number."""


def owner_of(table: Table[Any]) -> str:
    """The package whose `migrations/` makes this table: the one it names, or its record's, or ours for core's."""
    package = table.owner or table.record.__module__.rpartition(".")[0]
    return "doorward.adapters" if package.startswith("doorward.core") else package


@cache
def of(owner: str) -> tuple[Migration, ...]:
    """An owner's migrations in order; none when it has no such folder. Misconfigured when a number is left out."""
    if owner not in sys.modules:  # a record's package always is
        return ()
    folder = files(owner) / "migrations"
    if not folder.is_dir():
        return ()
    named = sorted(file.name for file in folder.iterdir() if _NAME.fullmatch(file.name))
    found = tuple(read(owner, name, (folder / name).read_text("utf-8")) for name in named)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise Misconfigured(f"the migrations of `{owner}` are not numbered 1, 2, 3 …", reason="migration.number")
    return found


def read(owner: str, name: str, text: str) -> Migration:
    """A migration from its file's name and text."""
    number = int(name[:4])
    return Migration(owner, number, name, statements(text), hashlib.sha256(text.encode()).hexdigest())


def statements(text: str) -> tuple[str, ...]:
    """The statements of a file, split at semicolons outside literals and comments; comments are left out."""
    found, current = [], ""
    for part in _PARTS.finditer(text):
        if part["end"]:
            found.append(current.strip())
            current = ""
        elif not part[0].startswith(("--", "/*")):
            current += part[0]
    return tuple(statement for statement in (*found, current.strip()) if statement)


def pending(tables: Iterable[Table[Any]], applied: Applied) -> list[Migration]:
    """What a database still lacks. Misconfigured when it was migrated by a newer doorward, or a file was edited."""
    missing: list[Migration] = []
    for owner in dict.fromkeys(owner_of(table) for table in tables):
        known = {(migration.owner, migration.number): migration for migration in of(owner)}
        for place, checksum in applied.items():
            if place[0] == owner:
                _check(place, checksum, known.get(place))
        missing += [migration for place, migration in known.items() if place not in applied]
    return missing


def _check(place: tuple[str, int], checksum: str, known: Migration | None) -> None:
    if known is None:
        raise Misconfigured(
            f"the database has migration {place[1]:04} of `{place[0]}`, which this doorward does not know",
            reason="migration.unknown",
            hint="run the newer doorward that wrote it",
        )
    if known.checksum != checksum:
        raise Misconfigured(
            f"migration `{known.name}` of `{place[0]}` was edited after it was applied",
            reason="migration.edited",
            hint="restore the file, and write a new migration for what should change",
        )


def first(owner: str, tables: Iterable[Table[Any]]) -> str:
    """The text of an owner's first migration, from its tables' descriptors."""
    made = [statement for table in tables for statement in ddl.create(table)]
    return f"-- The first tables of {owner}.\n\n" + "\n\n".join(f"{statement};" for statement in made) + "\n"
