"""What an open door holds and how it comes about: settings, access.toml, the guard; and how objects are named."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from doorward.core.errors import Misconfigured
from doorward.core.settings import Settings
from doorward.guard import rules
from doorward.guard.gate import Guard

if TYPE_CHECKING:
    from doorward.app import Application
    from doorward.ports import World

T = TypeVar("T")

Object: TypeAlias = "tuple[str, object] | str"
"""`("invoice", 7)`, or `"invoice:7"`."""


@dataclass(frozen=True)
class Opened:
    """What an open door holds. `server` is there when it is mounted; `lent` by a test, which closes it itself."""

    world: World
    guard: Guard
    server: Application | None = None
    lent: bool = False


async def opened(
    world: World, server: Application | None = None, *, explain: bool = False, lent: bool = False
) -> Opened:
    """A door on this world: access.toml applied, where the settings name one, and a guard made."""
    from doorward import app as house

    settings = world.settings
    audience = settings.resource
    if settings.access:
        audience = await _applied(world, write=server is None)
    return Opened(world, house.guard(world, audience=audience or None, explain=explain or settings.dev), server, lent)


async def _applied(world: World, *, write: bool) -> str:
    """Apply access.toml (a server has done it already); the API that it is about, which tokens must be meant for."""
    from doorward.domain.roles import flow
    from doorward.domain.roles.access_file import read_access_file
    from doorward.domain.roles.planning import DEFAULT_RESOURCE

    file, resource = read_access_file(Path(world.settings.access)), world.settings.resource
    if file.resource and resource not in ("", file.resource):
        raise Misconfigured(
            f"the door stands before `{resource}`, but `{file.source}` is about `{file.resource}`",
            reason="resource.mismatch",
            hint="name the API in one of them",
        )
    if write:
        await flow.apply(world, file)
    return file.resource or resource or DEFAULT_RESOURCE


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in a thread of its own: the caller's may run a loop, and no second one would start in it."""
    result: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="doorward-open")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return result[0]


def in_development(settings: Settings) -> Settings:
    """The settings, with the URL of the `doorward dev` whose database this is, if it is one's."""
    from doorward.app import database_path

    folder = database_path(settings).parent
    if settings.public_url or not (folder / "dev").exists():
        return settings
    try:
        url = json.loads((folder / "dev.json").read_text("utf-8"))["url"]
    except (OSError, ValueError, KeyError, TypeError):
        return settings
    return replace(settings, public_url=str(url), dev=True)


def object_of(on: Object | None) -> str | None:
    """The object as the engine names it. Raises Misconfigured where there is no type or no id."""
    if on is None:
        return None
    type, id = on if isinstance(on, tuple) else on.partition(":")[::2]
    if not type or rules.canonical(id, str(id)) is None:
        raise Misconfigured(f"`{on}` is no object", reason="object.invalid", hint='write ("invoice", 7) or "invoice:7"')
    return f"{type}:{id}"


def needed(on: Object) -> str:
    """The same where there must be one."""
    object = object_of(on)
    assert object is not None
    return object


def place_of(on: Object | None, org: str | None) -> str:
    """A role's place: the object, else the organization, else everywhere."""
    if on is not None:
        return needed(on)
    return "*" if org is None else f"organization:{org}"
