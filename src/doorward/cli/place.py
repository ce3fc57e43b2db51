"""Where a command works: the data directory, its database, and the caller it is recorded as.

A command runs in its own process on the database, before the server's first start or beside a running one, as the
`operator`: whoever can write the file can do anything, and the audit names the account that did.
"""

from __future__ import annotations

import asyncio
import json
import os
import pwd
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from doorward.core.audit import Caller
from doorward.core.errors import Misconfigured, NotFound
from doorward.core.principal import Principal
from doorward.core.settings import Settings
from doorward.ports import World
from doorward.settings import load, refuse_password

T = TypeVar("T")

DEV_MARKER = "dev"
DEV_FILE = "dev.json"
KEY_FILE = "secret.key"
DATABASE = "doorward.db"


@dataclass(frozen=True, slots=True)
class Place:
    """The options every command has."""

    data: str | None = None
    database_url: str | None = None

    def settings(self, **options: Any) -> Settings:
        """The environment's settings with these options before it; in a directory made by `dev`, with its key and URL.

        Raises Misconfigured, also for a database URL with a password.
        """
        refuse_password(self.database_url)
        settings = load(data=self.data, database_url=self.database_url, **options)
        directory = Path(settings.data)
        if not (directory / DEV_MARKER).exists():
            return settings
        kept = read_json(directory / DEV_FILE)
        return replace(
            settings,
            secret_key=settings.secret_key or read_text(directory / KEY_FILE),
            public_url=settings.public_url or str(kept.get("url", "")),
            dev=True,
        )


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The click decorators of a Place: `--data` and `--database-url`, collected into the argument `place`."""

    def joined(data: str | None, database_url: str | None, **rest: Any) -> Any:
        return command(place=Place(data, database_url), **rest)

    joined.__doc__ = command.__doc__
    joined.__name__ = command.__name__
    wrapped: Callable[..., Any] = joined
    for option in reversed(parameters()):
        wrapped = click.option(*option.opts, option.name, metavar=option.metavar, help=option.help)(wrapped)
    existing = getattr(command, "__click_params__", [])
    wrapped.__click_params__ = [*wrapped.__click_params__, *existing]  # type: ignore[attr-defined]  # click keeps them there
    return wrapped


def parameters() -> list[click.Option]:
    """The two options, for a command that is made rather than decorated."""
    return [
        click.Option(["--data"], metavar="DIR", help="Directory of the database  [env: DOORWARD_DATA; .doorward]"),
        click.Option(
            ["--database-url"], metavar="URL", help="Database, without a password  [env: DOORWARD_DATABASE_URL]"
        ),
    ]


def operator() -> tuple[Principal, Caller]:
    """Whom a command on this machine acts as: the principal `operator`, recorded as the account that runs it."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name  # not $USER: the record must not take the caller's word
    except KeyError:
        name = str(os.getuid())
    subject = f"operator:{name}"
    return Principal(subject, "operator", name=name), Caller(actor=subject, credential="operator")


def work(place: Place, task: Callable[[World, Principal], Awaitable[T]], *, creates: bool, **settings: Any) -> T:
    """Open the world of this place (with these `settings`), do the task as the operator, and close it again.

    `creates` lets the database be made; without it a missing one is an error, since a question asked in the wrong
    directory would otherwise be answered by an empty database.
    """
    from doorward.app import close, open_world

    wanted = place.settings(**settings)
    _present(wanted, creates)

    async def main() -> T:
        world = await open_world(wanted, server=False)
        principal, caller = operator()
        try:
            return await task(world.on_behalf_of(caller), principal)
        finally:
            await close(world)

    return asyncio.run(main())


def _present(settings: Settings, creates: bool) -> None:
    from doorward.app import database_path

    path = database_path(settings)
    if path is None or path.exists():
        return
    if not creates:
        raise NotFound(
            f"there is no database at `{path}`",
            hint="run this where `doorward dev` or `doorward serve` runs, or give --data",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    click.echo(f"made {path}", err=True)


def read_text(path: Path) -> str:
    """The file's text without surrounding space; empty when it is not there. Raises Misconfigured."""
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Misconfigured(f"cannot read `{path}`: {error.strerror}") from None


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when it is not there. Raises Misconfigured."""
    try:
        found = json.loads(read_text(path) or "{}")
    except ValueError:
        raise Misconfigured(f"`{path}` is not JSON", hint="delete it; `doorward dev` writes it anew") from None
    return found if isinstance(found, dict) else {}
