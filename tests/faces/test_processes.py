"""An API in a process of its own, on the same file: what ends a right here is honoured there at its next request."""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from doorward.app import close, open_world
from doorward.core.settings import Settings
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts.records import User
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.clients import flow as clients
from doorward.domain.clients import reads
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.organizations import flow as organizations
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow as roles
from doorward.domain.roles.access_file import read_access_file
from doorward.domain.signing_keys import flow as signing_keys
from doorward.domain.tokens import flow as tokens
from doorward.ports import World
from tests.e2e.place import free_port, process

pytestmark = pytest.mark.anyio
REPEATS = 25
WARM = 40
APP = """
import os
from typing import Annotated
from fastapi import FastAPI
from doorward.fastapi import Doorward, Principal

door = Doorward(f"sqlite:///{os.environ['DATABASE']}", resource="https://api.example.com", access="access.toml")
app = FastAPI()
door.attach(app)

@app.get("/healthz")
def healthz() -> str:
    return "ok"

@app.get("/invoices/{invoice_id}")
async def show(invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id")]) -> int:
    return invoice_id

@app.get("/plain/{invoice_id}")
def plain(invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id")]) -> int:
    assert door.check(who, "invoice:read", ("invoice", invoice_id))
    return invoice_id
"""
ACCESS = '[permissions]\ninvoice = ["read", "pay"]\n[roles]\nclerk = ["invoice:read"]\nowner = ["invoice:*"]\n'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A World on the real clock, as a server has it: tokens are judged by another process's clock."""
    settings = Settings(
        public_url="https://auth.example.com",
        resource="https://api.example.com",
        database_url=f"sqlite:///{tmp_path / 'doorward.db'}",
        secret_key="A" * 43,
    )
    world = await open_world(settings)
    (tmp_path / "access.toml").write_text(ACCESS)
    (tmp_path / "guarded_api.py").write_text(APP)
    await signing_keys.ensure(world)
    await roles.apply(world, read_access_file(tmp_path / "access.toml"))
    await organizations.create(world, "acme", "Acme")
    await relations.place(world, "invoice:7", "acme")
    await clients.register(
        world,
        client_id="app",
        client_name="app",
        token_endpoint_auth_method="none",
        redirect_uris=("http://127.0.0.1/callback",),
    )
    try:
        yield world
    finally:
        await close(world)


@contextmanager
def api(folder: Path) -> Iterator[httpx2.Client]:
    """The API under uvicorn, answering. It has neither the server's key nor its settings but the issuer's URL."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORWARD_")}
    environment = kept | {"DATABASE": str(folder / "doorward.db"), "DOORWARD_PUBLIC_URL": "https://auth.example.com"}
    command = [sys.executable, "-m", "uvicorn", "guarded_api:app", "--port", str(port), "--log-level", "warning"]
    url = f"http://127.0.0.1:{port}"
    with (
        process(command, environment, folder, folder / "api.log", f"{url}/healthz"),
        httpx2.Client(base_url=url) as http,
    ):
        yield http


async def person(world: World, name: str) -> tuple[User, dict[str, dict[str, str]]]:
    """Somebody with a role in Acme, and the headers of each of their credentials."""
    user = await accounts.create_user(world, username=name)
    await organizations.add_member(world, "acme", user.subject)
    await roles.assign(world, user.subject, "owner", "organization:acme")
    _, key = await api_keys.create(world, owner=user.subject, name="test")
    token, _ = await tokens.access_token(
        world, subject=user.id, client_id="app", scope=["invoice:read"], audience="https://api.example.com"
    )
    return user, {name: {"Authorization": f"Bearer {secret}"} for name, secret in (("key", key), ("token", token))}


def statuses(http: httpx2.Client, credentials: dict[str, dict[str, str]]) -> set[int]:
    """What each credential gets from an async handler and from one in a thread."""
    calls = [(sent, route) for sent in credentials.values() for route in ("invoices", "plain")]
    return {http.get(f"/{route}/7", headers=sent).status_code for sent, route in calls}


async def test_a_right_taken_away_here_is_gone_there(world: World, tmp_path: Path) -> None:
    """The first request that starts after the change is acknowledged is refused, with caches warm, each time."""
    with api(tmp_path) as http:
        user, credentials = await person(world, "ann")
        for _ in range(REPEATS):
            assert statuses(http, credentials) == {200}
            await roles.unassign(world, user.subject, "owner", "organization:acme")
            assert statuses(http, credentials) == {403}
            await roles.assign(world, user.subject, "owner", "organization:acme")
    print(f"inputs {4 * REPEATS}, let through 0")


async def test_a_credential_ended_here_is_dead_there(world: World, tmp_path: Path) -> None:
    with api(tmp_path) as http:
        for number in range(REPEATS):
            user, credentials = await person(world, f"user{number}")
            assert statuses(http, credentials) == {200}
            await lifecycle.disable_user(world, user)
            assert statuses(http, credentials) == {401}
        client = await reads.client(world, "app")
        user, credentials = await person(world, "last")
        token = credentials["token"]["Authorization"].removeprefix("Bearer ")
        assert statuses(http, credentials) == {200}
        await tokens.revoke(world, token, client)
        assert statuses(http, {"token": credentials["token"]}) == {401}
        assert statuses(http, {"key": credentials["key"]}) == {200}
        assert "server_error" not in (tmp_path / "api.log").read_text()


async def test_no_success_starts_after_the_end_under_load(world: World, tmp_path: Path) -> None:
    """Four callers hammer the API, caches warm; a call that begins after the change was acknowledged never succeeds."""
    tried = through = 0
    with api(tmp_path) as http:
        for number in range(8):
            user, credentials = await person(world, f"loaded{number}")
            stop, starts = threading.Event(), queue.SimpleQueue[float]()
            callers = [
                threading.Thread(target=_hammer, args=(str(http.base_url), sent, stop, starts))
                for sent in (*credentials.values(), *credentials.values())
            ]
            for caller in callers:
                caller.start()
            while starts.qsize() < WARM:
                await asyncio.sleep(0.005)
            await (lifecycle.disable_user(world, user) if number % 2 else _without_role(world, user))
            ended = time.perf_counter()
            await asyncio.sleep(0.05)
            stop.set()
            for caller in callers:
                caller.join()
            while not starts.empty():
                began = starts.get()
                tried += 1
                through += began > ended
    print(f"inputs {tried}, let through {through}")
    assert tried >= 8 * WARM
    assert through == 0


async def _without_role(world: World, user: User) -> None:
    await roles.unassign(world, user.subject, "owner", "organization:acme")


def _hammer(url: str, sent: dict[str, str], stop: threading.Event, starts: queue.SimpleQueue[float]) -> None:
    """Call over and over; note when each call that succeeded began."""
    with httpx2.Client(base_url=url, headers=sent) as http:
        while not stop.is_set():
            began = time.perf_counter()
            if http.get("/invoices/7").status_code == 200:
                starts.put(began)
