"""Putting doorward together: what a world needs, what a server's database gets, jobs, and the door of the API."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from doorward.app import API, assemble, build, close, database_path, guard, open_guard, open_world, prepare
from doorward.app import house as joined
from doorward.app.world import backup, restore
from doorward.core.errors import Conflict, Misconfigured, Unavailable
from doorward.core.instant import DAY, Seconds
from doorward.core.settings import Settings
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.reads import users
from doorward.domain.clients.flow import register
from doorward.domain.roles import flow as roles
from doorward.domain.roles.reads import resource_servers
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.domain.sessions import flow as sessions
from doorward.domain.signing_keys import flow as signing_keys
from doorward.domain.signing_keys.flow import public_keys
from doorward.domain.tokens.flow import access_token, open_family
from doorward.feature import Job
from doorward.guard.gate import Guard
from doorward.guard.rules import Refused
from doorward.ports import World
from doorward.testing import FakeClock
from doorward.web.cookies import SESSION, cookie_name
from tests.administration import browser, furnish

pytestmark = pytest.mark.anyio

KEY = urlsafe_b64encode(bytes(range(32))).decode()
URL = "https://auth.example.com"


def settings(folder: Path) -> Settings:
    return Settings(data=str(folder), public_url=URL, secret_key=KEY)


def test_where_the_database_is(tmp_path: Path) -> None:
    assert database_path(Settings(data="d")) == Path("d/doorward.db")
    assert database_path(Settings(database_url="sqlite:///x/y.db")) == Path("x/y.db")
    assert database_path(Settings(database_url="sqlite:////x/y%20z.db")) == Path("/x/y z.db")
    with pytest.raises(Misconfigured):
        database_path(Settings(database_url="postgresql://db/x"))


async def test_a_server_needs_a_url_and_a_key(tmp_path: Path) -> None:
    for lacking in (replace(settings(tmp_path), public_url=""), replace(settings(tmp_path), secret_key="")):
        with pytest.raises(Misconfigured):
            await open_world(lacking)
    assert not (tmp_path / "doorward.db").exists()


async def test_a_guard_needs_neither_and_is_told_what_it_cannot_do(tmp_path: Path) -> None:
    world = await open_guard(Settings(data=str(tmp_path)))
    for use in (
        lambda: world.keyring.seal(b"", ("t", "r", "c")),
        lambda: world.keyring.open(b"", ("t", "r", "c")),
        lambda: world.keyring.mac("p", b""),
    ):
        with pytest.raises(Misconfigured) as caught:
            use()
        assert "DOORWARD_SECRET_KEY" in caught.value.hint
    await close(world)


async def test_a_servers_database_gets_what_it_needs_once(tmp_path: Path) -> None:
    application = await build(settings(tmp_path))
    world = application.world
    keys = await public_keys(world)
    [own] = await resource_servers(world)
    assert own.identifier == URL + API
    assert set(own.permissions) == application.house.permissions
    await prepare(world, application.house)
    assert await public_keys(world) == keys
    assert await resource_servers(world) == [own]
    await close(world)


async def test_another_public_url_is_another_audience(tmp_path: Path) -> None:
    await close((await build(settings(tmp_path))).world)
    moved = await build(replace(settings(tmp_path), public_url="https://new.example.com"))
    assert [server.identifier for server in await resource_servers(moved.world)] == ["https://new.example.com/api"]
    await close(moved.world)


async def test_access_toml_is_applied_at_start(tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_text('[permissions]\ninvoice = ["read"]\n[roles]\nclerk = ["invoice:read"]\n')
    application = await build(replace(settings(tmp_path), access=str(tmp_path / "access.toml")))
    application.world.relations.refresh()
    assert application.world.catalogue.permissions_of("clerk") == {"invoice:read"}
    await close(application.world)


async def test_what_fails_at_start_lets_go_of_the_database(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="missing"):
        await build(replace(settings(tmp_path), access=str(tmp_path / "missing.toml")))
    restore_target = settings(tmp_path)
    source = settings(tmp_path / "other")
    await close((await build(source)).world)
    restore(restore_target, database_path(source))  # which needs to be alone with it


async def test_jobs_run_until_the_end_and_a_failing_one_is_tried_again(tmp_path: Path) -> None:
    application = await build(settings(tmp_path))
    runs: list[str] = []
    both = asyncio.Event()

    async def fails(world: World) -> None:
        runs.append("fails")
        if runs.count("fails") > 1 and "works" in runs:
            both.set()
        raise RuntimeError("this time")

    async def works(world: World) -> None:
        runs.append("works")

    jobs = (Job("fails", 0, fails), Job("works", 0, works))
    application = replace(application, house=replace(application.house, jobs=jobs))
    async with application.lifespan() as same:
        assert same is application
        await asyncio.wait_for(both.wait(), 10)
    ended = len(runs)
    await asyncio.sleep(0)
    assert len(runs) == ended
    with pytest.raises(Unavailable):
        await users(application.world)


async def test_backup_and_restore(tmp_path: Path) -> None:
    here = settings(tmp_path / "here")
    application = await build(here)
    await create_user(application.world, username="ann")
    backup(here, tmp_path / "copy.db")
    with pytest.raises(Conflict):
        backup(here, tmp_path / "copy.db")
    with pytest.raises(Unavailable):
        restore(here, tmp_path / "copy.db")
    await close(application.world)
    there = settings(tmp_path / "there")
    restore(there, tmp_path / "copy.db")
    world = await open_world(there)
    assert [one.username for one in await users(world)] == ["ann"]
    await close(world)


async def test_the_api_takes_a_token_meant_for_it_and_no_other(world: World) -> None:
    application = await assemble(world)
    ids = await furnish(world)
    ann = f"user:{ids['ann']}"
    await roles.assign(world, ann, ADMIN_ROLE)
    audience = world.settings.public_url + API

    async def token(audience: str, *scope: str) -> str:
        made, _ = await access_token(world, subject=ids["ann"], client_id="books", scope=scope, audience=audience)
        return made

    async with browser(application) as http:

        async def ask(token: str) -> httpx.Response:
            return await http.get("/api/v1/users", headers={"authorization": f"Bearer {token}"})

        assert (await ask(await token(audience, "dw_user:list"))).status_code == 200
        narrow = await ask(await token(audience, "dw_user:read"))
        assert (narrow.status_code, narrow.json()["reason"]) == (403, "scope.missing")
        assert (await ask(await token("https://invoices.example.com", "dw_user:list"))).status_code == 401


async def test_a_refused_credential_is_recorded_once_and_a_missing_one_is_not(world: World) -> None:
    application = await assemble(world)
    async with browser(application) as http:
        for headers in ({}, {"authorization": "Bearer dw_nonsense"}, {"authorization": "Bearer"}):
            assert (await http.get("/api/v1/users", headers=headers)).status_code == 401
        twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")]
        assert (await http.get("/api/v1/users", headers=twice)).status_code == 400
    rows = await world.storage.read("SELECT action, outcome, reason FROM {audit_events} WHERE outcome = 'refused'")
    assert rows == [("call.refuse", "refused", "credential.invalid")]


async def test_a_session_of_our_own_pages_may_call_from_our_own_pages_alone(world: World) -> None:
    application = await assemble(world)
    ids = await furnish(world)
    ann = f"user:{ids['ann']}"
    await roles.assign(world, ann, ADMIN_ROLE)
    cookie = {"cookie": f"{cookie_name(world.settings, SESSION)}={ids['cookie']}"}
    async with browser(application) as http:
        assert (await http.get("/api/v1/users", headers=cookie)).status_code == 200
        own = {**cookie, "origin": URL}
        foreign = {**cookie, "origin": "https://evil.example"}
        assert (await http.post("/api/v1/groups", json={"group": "a"}, headers=own)).status_code == 201
        for headers in (foreign, cookie):
            refused = await http.post("/api/v1/groups", json={"group": "b"}, headers=headers)
            assert (refused.status_code, refused.json()["reason"]) == (403, "call.origin")
        session = await world.storage.read("SELECT id FROM {sessions}")
        assert session
        ended = {"cookie": f"{cookie_name(world.settings, SESSION)}={ids['cookie'][:-1]}x"}
        assert (await http.get("/api/v1/users", headers=ended)).status_code == 401


async def test_a_guard_remembers_a_credential_until_it_changes(world: World, clock: FakeClock) -> None:
    await prepare(world, joined())
    ids = await furnish(world)
    door = guard(world, audience="https://invoices.example.com")
    assert door.known(ids["nobody"]) is None
    await door.verified(ids["nobody"])
    assert door.known(ids["nobody"]) is not None
    clock.advance(world.settings.api_key_lifetime + 1)
    assert door.known(ids["nobody"]) is None


async def test_a_guard_takes_a_session_cookie(world: World) -> None:
    user = await create_user(world, username="ann")
    _, secret = await sessions.start(world, user, acr="a", amr=("pwd",))
    door = guard(world, audience=None)
    raw = [(b"cookie", f"{cookie_name(world.settings, SESSION)}={secret}".encode())]
    assert (await door.caller(raw, method="GET", scheme="https")).subject == user.subject
    with pytest.raises(Refused):
        await door.caller([], method="GET", scheme="https")


async def test_remembered_or_not_a_token_ends_with_the_session_it_hangs_on(world: World, clock: FakeClock) -> None:
    """At every moment a guard that remembers and one that does not say the same: idle time, use, and the end."""
    world = replace(world, settings=replace(world.settings, session_idle=Seconds(100)))
    await signing_keys.ensure(world)
    ann = await create_user(world, username="ann")
    await register(world, client_name="Books", client_id="books", redirect_uris=("https://books.example/cb",))
    session, secret = await sessions.start(world, ann, acr="urn:x", amr=("pwd",))
    family = await open_family(
        world, user=ann.id, client="books", scope=(), audience=URL, lifetime=DAY, session=session.id
    )
    token, lifetime = await access_token(
        world, subject=ann.id, client_id="books", scope=(), audience=URL, family=family.id, session=session.id
    )
    assert lifetime > 200
    remembers = guard(world, audience=URL)
    forgets = guard(replace(world, settings=replace(world.settings, token_cache=0)), audience=URL)

    async def taken(door: Guard) -> bool:
        try:
            await door.caller([(b"authorization", f"Bearer {token}".encode())], method="GET", scheme="https")
        except Refused:
            return False
        return True

    said = []
    for seconds in (0, 99, 50, 49, 1, 1):
        clock.advance(seconds)
        both = {await taken(remembers), await taken(forgets)}
        assert len(both) == 1
        assert (remembers.known(token) is not None) in both
        said += both
        if seconds == 99:
            assert await sessions.resume(world, secret) is not None  # used: it goes on for a hundred seconds from here
    assert said == [True, True, True, True, False, False]
