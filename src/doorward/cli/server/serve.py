"""`doorward serve`: the server, for production. One process on the database; no demo data, no weakened default."""

from __future__ import annotations

import socket
from pathlib import Path

import click

from doorward.cli import console
from doorward.cli.place import DEV_MARKER
from doorward.core.errors import Misconfigured
from doorward.core.settings import Settings


@click.command()
@click.option("--host", metavar="ADDRESS", help="Address to listen on  [env: DOORWARD_HOST; 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on  [env: DOORWARD_PORT; 8080]")
@click.option("--data", metavar="DIR", help="Directory of the database  [env: DOORWARD_DATA; .doorward]")
@click.option("--database-url", metavar="URL", help="Database, without a password  [env: DOORWARD_DATABASE_URL]")
def serve(host: str | None, port: int | None, data: str | None, database_url: str | None) -> None:
    """Run the server.

    Needs DOORWARD_PUBLIC_URL, where browsers reach it, and DOORWARD_SECRET_KEY_FILE (`doorward secret-key` prints a
    key). While there is no administrator it prints an address and a one-time code to make the first.
    """
    from doorward.settings import load, refuse_password, require_server

    refuse_password(database_url)
    settings = require_server(load(host=host, port=port, data=data, database_url=database_url))
    _refuse_dev(settings)
    run(settings)


def run(settings: Settings) -> None:
    """Serve these settings until told to stop."""
    import uvloop

    uvloop.run(_main(settings))


async def _main(settings: Settings) -> None:
    from doorward.app import build
    from doorward.cli.server.listening import serve as listen
    from doorward.cli.server.listening import take
    from doorward.features.setup.flow import open_setup
    from doorward.web.arrival.log import configure

    configure(settings.log_level)
    with take(settings.host, settings.port) as taken:
        application = await build(settings)
        async with application.lifespan():
            code = await open_setup(application.world)
            await listen(application, taken, lambda: _tell(settings, taken, code))


def _tell(settings: Settings, taken: socket.socket, code: str | None) -> None:
    """Say that it answers, what is weaker than need be, and, while there is no administrator, how to make one."""
    from doorward.web.links import url

    host, port = taken.getsockname()[:2]
    console.say_note(f"doorward answers at {settings.public_url}, listening on {host} port {port}")
    for warning in weakened(settings):
        console.say_note(f"warning: {warning}")
    if code is not None:
        console.say_note(f"Setup   {url(settings, '/setup')}")
        console.say_note(f"Code    {code}   once, {settings.setup_code_lifetime // 60} min")


def weakened(settings: Settings) -> list[str]:
    """Settings that are less safe than their defaults, in words."""
    default = Settings()
    found = []
    if settings.password_min_length < default.password_min_length:
        found.append(f"passwords may be as short as {settings.password_min_length} characters")
    if settings.attempts_per_account > default.attempts_per_account:
        found.append(f"{settings.attempts_per_account} wrong passwords are heard before an account waits")
    if settings.attempts_per_address > default.attempts_per_address:
        found.append(f"{settings.attempts_per_address} wrong passwords are heard from one address")
    if settings.freshness > default.freshness:
        found.append("decisions may be up to 20 ms older than the database")
    if settings.trust_email:
        found.append("e-mail addresses count as verified without proof")
    if settings.public_url.startswith("https://") and not settings.trusted_proxies:
        found.append(
            f"no proxy is trusted: people behind yours share one address, and {settings.attempts_per_address} wrong "
            "passwords from anywhere keep all of them from signing in (set DOORWARD_TRUSTED_PROXIES)"
        )
    if settings.public_url.startswith("http://"):
        found.append("the public URL is not https: cookies and tokens travel in clear")
    return found


def _refuse_dev(settings: Settings) -> None:
    if (Path(settings.data) / DEV_MARKER).exists():
        raise Misconfigured(
            f"`{settings.data}` was made by `doorward dev`: its passwords and key are known to whoever can read it",
            reason="data.dev",
            hint="give another --data directory",
        )
