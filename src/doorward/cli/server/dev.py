"""`doorward dev`: a server with demo data and, beside it, a demo API, both on the loopback interface alone."""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import click

from doorward.cli import console
from doorward.cli.server import directory
from doorward.cli.server.banner import Ready, banner, said
from doorward.cli.server.demo import running
from doorward.core.errors import Misconfigured
from doorward.core.settings import Settings

HOST = "127.0.0.1"
PORT, DEMO_PORT = 8080, 8000


@click.command()
@click.option("--port", type=int, help=f"Port of the server  [{PORT}, or a free one]")
@click.option("--demo-port", type=int, help=f"Port of the demo API  [{DEMO_PORT}, or a free one]")
@click.option("--data", metavar="DIR", help="Directory of the demo's data  [env: DOORWARD_DATA; .doorward]")
def dev(port: int | None, demo_port: int | None, data: str | None) -> None:
    """Run a server with demo data and a demo API on this machine.

    Prints addresses, people and commands to paste, and writes the same to dev.json in the data directory. Started
    again it keeps the data and makes a new demo key. Not for production: that is `doorward serve`.
    """
    from doorward.settings import load

    given = load(data=data)
    folder = Path(given.data)
    key = directory.prepare(folder)
    with _socket(port, PORT) as taken, _socket(demo_port, DEMO_PORT) as demo:
        settings = _settings(given, _url(taken), taken.getsockname()[1], key)
        directory.keep(folder, {**directory.kept(folder), "url": settings.public_url})
        with running(demo, folder):
            import uvloop

            uvloop.run(_main(settings, taken, _url(demo), folder))


def _settings(given: Settings, url: str, port: int, key: str) -> Settings:
    """The environment's settings, but where, with which key and on which database is `dev`'s to say."""
    quiet = given.log_level == Settings().log_level
    return replace(
        given,
        public_url=url,
        database_url="",
        host=HOST,
        port=port,
        secret_key=key,
        access="",
        dev=True,
        log_level="warning" if quiet else given.log_level,
    )


async def _main(settings: Settings, taken: socket.socket, demo: str, folder: Path) -> None:
    from doorward.app import build
    from doorward.cli.server.furnish import PEOPLE, demo_key, furnish
    from doorward.cli.server.listening import serve
    from doorward.features.setup.flow import open_setup
    from doorward.web.arrival.log import configure

    configure(settings.log_level)
    application = await build(settings)
    async with application.lifespan():
        world = application.world
        earlier = directory.kept(folder).get("people", [])
        ready = Ready(
            url=settings.public_url,
            demo=demo,
            passwords=await furnish(world, {one["username"]: one["password"] for one in earlier}),
            people={person.username: f"{person.role} in {person.organization}" for person in PEOPLE},
            key=await demo_key(world),
            code=await open_setup(world),
            code_minutes=settings.setup_code_lifetime // 60,
            data=folder,
        )

        def tell() -> None:
            text = banner(ready, seconds_running())
            directory.keep(folder, said(ready, text))
            click.echo(console.spelled(text))

        await serve(application, taken, tell)


def _socket(asked: int | None, usual: int) -> socket.socket:
    """The port that was asked for, or nothing else; the usual one, or any that is free."""
    from doorward.cli.server.listening import take

    if asked is not None:
        return take(HOST, asked)
    try:
        return take(HOST, usual)
    except Misconfigured:
        free = take(HOST, 0)
        console.say_note(f"port {usual} is taken: using {free.getsockname()[1]} instead")
        return free


def _url(taken: socket.socket) -> str:
    return f"http://{HOST}:{taken.getsockname()[1]}"


def seconds_running() -> float:
    """Seconds since this process was started, as the operating system counts them; where it does not say, since
    Python was."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # field 22 of proc(5), in ticks since boot
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time() if sys.platform == "win32" else time.perf_counter()
