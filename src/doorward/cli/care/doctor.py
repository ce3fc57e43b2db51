"""`doorward doctor`: looks for what is wrong or weak, and says what to do about it. Changes nothing."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click

from doorward.cli import console
from doorward.cli.door import EXIT_ERROR
from doorward.cli.place import Place, options
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import DoorwardError
from doorward.core.instant import to_text
from doorward.core.meta import INITIALISED, META
from doorward.core.settings import Settings
from doorward.domain.signing_keys import flow as signing_keys
from doorward.ports import World

_SIGNS = {"ok": "✓", "weak": "!", "wrong": "✗"}
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
CLOCK_SLACK = 60_000_000
"""Microseconds that clocks of two machines may differ."""
SLOW_HASHES = 15
"""Hashes a second and core, below which sign-ins pile up."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `fix` says what to do when it is not `ok`."""

    state: Literal["ok", "weak", "wrong"]
    what: str
    fix: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options
def doctor(place: Place, as_json: bool) -> int:
    """Look for what is wrong or weak here. Exits 2 when something is wrong."""
    findings = list(examine(place.settings()))
    console.show(
        {"findings": [asdict(finding) for finding in findings]},
        as_json=as_json,
        render=lambda _: "\n".join(map(_line, findings)),
    )
    return EXIT_ERROR if any(finding.state == "wrong" for finding in findings) else 0


def _line(finding: Finding) -> str:
    text = f"{_SIGNS[finding.state]} {finding.what}"
    return f"{text}\n    {finding.fix}" if finding.fix else text


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that can be looked at with these settings."""
    yield Finding("ok", f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    yield from _hashing()
    yield from _settings(settings)
    yield from _files(settings)
    yield from _database(settings)


def _hashing() -> Iterator[Finding]:
    from doorward.adapters import Argon2Hasher

    hasher = Argon2Hasher()
    try:
        about = hasher.describe()
    finally:
        hasher.close()
    speed = float(about["hashes_per_second"])
    text = f"{about['implementation']}: {speed:g} argon2id hashes a second and core at {about['parameters']}"
    if speed < SLOW_HASHES:
        yield Finding("weak", text, "sign-ins will wait for each other: give this server a faster core")
    else:
        yield Finding("ok", text)


def _settings(settings: Settings) -> Iterator[Finding]:
    from doorward.cli.server.serve import weakened
    from doorward.settings import key_bytes

    if settings.public_url:
        yield Finding("ok", f"public URL {settings.public_url}")
    else:
        yield Finding("weak", "no public URL", "set DOORWARD_PUBLIC_URL; `doorward serve` needs it")
    try:
        key_bytes(settings)
        yield Finding("ok", "there is a secret key of 32 bytes")
    except DoorwardError as error:
        state: Literal["weak", "wrong"] = "wrong" if settings.secret_key else "weak"
        yield Finding(state, error.description if settings.secret_key else "no secret key", error.hint)
    for text in weakened(settings):
        yield Finding("weak", text)
    if settings.dev:
        yield Finding("weak", "made by `doorward dev`", "for production use another directory")


def _files(settings: Settings) -> Iterator[Finding]:
    from doorward.app import database_path

    database = database_path(settings)
    paths = [Path(settings.data), database, *database.parent.glob(f"{database.name}-*")]
    open_ones = [path for path in paths if path.exists() and path.stat().st_mode & _OPEN_TO_OTHERS]
    for path in open_ones:
        yield Finding("wrong", f"`{path}` can be read or changed by others", f"chmod go= {path}")
    if not open_ones and database.exists():
        yield Finding("ok", "files are readable by their owner alone")


def _database(settings: Settings) -> Iterator[Finding]:
    from doorward.app import database_path

    path = database_path(settings)
    if not path.exists():
        yield Finding("weak", f"no database at `{path}` yet", "`doorward serve` or any command that writes makes it")
        return

    whole = _integrity(path)
    yield whole
    if whole.state == "wrong":
        return
    try:
        yield from asyncio.run(_inside(settings))
    except DoorwardError as error:
        yield Finding("wrong", error.description, error.hint)


def _integrity(path: Path) -> Finding:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        said = str(error)
    if said == "ok":
        return Finding("ok", f"{path} is whole, {path.stat().st_size:,} bytes")
    return Finding("wrong", f"{path} is damaged: {said}", "doorward restore BACKUP")


async def _inside(settings: Settings) -> list[Finding]:
    from doorward.app import close, open_world

    world = await open_world(settings, server=False)
    try:
        return [await _clock(world), await _administrator(world), *await _signing_keys(world)]
    finally:
        await close(world)


async def _clock(world: World) -> Finding:
    """The last thing that was recorded cannot be in the future."""
    now = world.clock.now()
    last = await world.storage.page(AUDIT_EVENTS, limit=1, descending=True)
    if last and last[0].at > now + CLOCK_SLACK:
        return Finding(
            "wrong", f"the clock says {to_text(now)}, the last record {to_text(last[0].at)}", "set the clock"
        )
    return Finding("ok", f"the clock says {to_text(now)}")


async def _administrator(world: World) -> Finding:
    if await world.storage.get(META, INITIALISED) is None:
        fix = "open /setup with the code that the server prints, or `doorward api-key create --admin`"
        return Finding("weak", "there is no administrator yet", fix)
    return Finding("ok", "setup is closed")


async def _signing_keys(world: World) -> list[Finding]:
    """Whether the secret key at hand is the one that the signing keys were sealed with."""
    keys = await signing_keys.public_keys(world)
    if not keys or not world.settings.secret_key:
        return []
    try:
        for algorithm in sorted({key.algorithm for key in keys if key.retired is None}):
            await signing_keys.signer(world, algorithm)
    except DoorwardError as error:
        return [Finding("wrong", f"the signing keys cannot be opened: {error.description}", "use the key of before")]
    return [Finding("ok", f"{len(keys)} signing keys, which the secret key opens")]
