"""Somebody redeeming codes: a worker with a World of its own, as a thread here or as a process on its own.

As a process it reads lines `code parallel` from standard input and answers each with the reasons, parted by spaces
(`ok` for a success): `python -m tests.security.redeemers FILE CLIENT`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from doorward.core.errors import Conflict, OAuthError
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import TokenRequest
from doorward.domain.clients.reads import client as load
from doorward.domain.tables import DOMAIN_TABLES
from doorward.features.authorization_code import flow
from doorward.ports import World
from doorward.testing import open_world
from tests.oauth import CALLBACK, VERIFIER, house

ROOT = Path(__file__).parent.parent.parent


async def attempt(world: World, client: Client, code: str) -> str:
    """Redeem once: `ok`, or why not."""
    parameters = {"code": code, "code_verifier": VERIFIER, "redirect_uri": CALLBACK}
    try:
        await flow.use(world, TokenRequest(client, parameters, house().steps))
    except (OAuthError, Conflict) as error:
        return error.reason
    return "ok"


async def race(world: World, client: Client, code: str, parallel: int) -> list[str]:
    """Redeem so often at once."""
    return list(await asyncio.gather(*(attempt(world, client, code) for _ in range(parallel))))


async def open_again(path: Path) -> World:
    """The same database once more."""
    return await open_world(path, tables=(*DOMAIN_TABLES, *house().tables))


def in_a_thread(path: Path, client_id: str, codes: list[str], parallel: int) -> list[list[str]]:
    """Race for each code in turn, on an event loop and a World of this thread's own."""

    async def work() -> list[list[str]]:
        world = await open_again(path)
        try:
            client = await load(world, client_id)
            return [await race(world, client, code, parallel) for code in codes]
        finally:
            await world.storage.close()

    return asyncio.run(work())


class Process:
    """A worker process that waits for codes."""

    def __init__(self, path: Path, client_id: str) -> None:
        self.running = subprocess.Popen(
            [sys.executable, "-m", "tests.security.redeemers", str(path), client_id],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        assert self.running.stdin
        assert self.running.stdout
        self._in, self._out = self.running.stdin, self.running.stdout

    def ready(self) -> None:
        """Wait until it has opened the database."""
        assert self._out.readline() == "ready\n"

    def ask(self, code: str, parallel: int) -> None:
        """Let it race for this code. Does NOT wait."""
        self._in.write(f"{code} {parallel}\n")

    def answer(self) -> list[str]:
        """What came of the last question."""
        return self._out.readline().split()

    def kill(self) -> None:
        """kill -9."""
        self.running.kill()
        self.running.wait()
        self._in.close()
        self._out.close()


async def main(path: Path, client_id: str) -> None:
    world = await open_again(path)
    client = await load(world, client_id)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        code, parallel = line.split()
        print(*await race(world, client, code, int(parallel)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
