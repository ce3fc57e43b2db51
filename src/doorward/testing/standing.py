"""How the `doorward` fixture stands up an app's door: real parts on a database that is made once a run and copied.

Three things are not as in production: the clock stands still, argon2id is at its fastest, and the server's key is the
run's own.
"""

from __future__ import annotations

import asyncio
import atexit
import importlib
import os
import shutil
import sys
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from doorward import app as house
from doorward.adapters import Argon2Hasher
from doorward.core.settings import Settings
from doorward.domain.clients import flow as clients
from doorward.domain.signing_keys import flow as signing_keys
from doorward.fastapi.door import Doorward
from doorward.fastapi.opening import opened
from doorward.ports import World
from doorward.testing.clock import FakeClock
from doorward.testing.doors import CLIENT, Doors, Run

T = TypeVar("T")
_PUBLIC_URL = "https://auth.example.com"


def find_door(place: str, root: Path) -> Doorward:
    """The door at `module:attribute`; modules beside the ini file are found too. Fails the test with what to write."""
    module, _, attribute = place.partition(":")
    if not module or not attribute:
        pytest.fail("pytest.ini does not say where the app's door is: add `doorward = app:door`", pytrace=False)
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        sys.path.insert(0, str(root))
        found = importlib.import_module(module)
    door = getattr(found, attribute, None)
    if not isinstance(door, Doorward):
        pytest.fail(f"`{place}` is not a Doorward: the ini option `doorward` names one", pytrace=False)
    return door


@contextmanager
def standing(door: Doorward, folder: Path, root: Path | None = None) -> Iterator[Doors]:
    """The door on a database of its own in `folder`, with access.toml applied, while the block runs.

    A relative path of access.toml begins at `root`.
    """
    clock = FakeClock()
    with ThreadPoolExecutor(8, thread_name_prefix="doorward-test") as thread:  # flows may nest

        def run(work: Awaitable[T]) -> T:
            return thread.submit(asyncio.run, _awaited(work)).result()

        settings = _settings(door, root or Path())
        made, key = _template(settings.public_url, run)
        folder.mkdir(parents=True, exist_ok=True)
        database = folder / "doorward.db"
        shutil.copyfile(made, database)
        settings = replace(settings, database_url=f"sqlite:///{database}", secret_key=key)
        world = run(_world(settings, clock))
        try:
            server = run(house.assemble(world)) if door.mounted else None
            lent = run(opened(world, server, explain=True, lent=True))
            before = door.lend(lent)
            try:
                yield Doors(door, lent, clock, run)
            finally:
                door.lend(before)
        finally:
            run(world.storage.close())


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _settings(door: Doorward, root: Path) -> Settings:
    """The door's own, with what a server needs and a test does not care for."""
    settings = door.settings
    return replace(
        settings,
        public_url=settings.public_url or _PUBLIC_URL + door.mounted_at,
        access=str(root / settings.access) if settings.access else "",
        dev=False,
        hasher_threads=1,
    )


async def _world(settings: Settings, clock: FakeClock) -> World:
    world = await house.open_guard(settings, clock=clock)
    return replace(world, hasher=Argon2Hasher(threads=1, memory_kib=8, time=1))


_templates: dict[str, tuple[Path, str]] = {}


def _template(public_url: str, run: Run) -> tuple[Path, str]:
    """A database with signing keys and a client, made once a run, and the key that opens it."""
    if public_url not in _templates:
        folder = tempfile.mkdtemp(prefix="doorward-pytest-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        key = urlsafe_b64encode(os.urandom(32)).decode()
        database = Path(folder) / "doorward.db"
        run(_make(Settings(public_url=public_url, database_url=f"sqlite:///{database}", secret_key=key)))
        _templates[public_url] = database, key
    return _templates[public_url]


async def _make(settings: Settings) -> None:
    world = await _world(settings, FakeClock())
    try:
        await signing_keys.ensure(world)
        await clients.register(
            world,
            client_id=CLIENT,
            client_name="tests",
            token_endpoint_auth_method="none",
            redirect_uris=("http://127.0.0.1/callback",),
        )
    finally:
        await world.storage.close()
