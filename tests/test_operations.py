"""Every administration operation over HTTP: works for who may, and for nobody else; refuses what it does not know.

The operations are enumerated from the house, so a new one is covered the day it is made.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from doorward.app import Application, assemble, close, house
from doorward.domain.accounts.reads import user
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.roles import flow as roles
from doorward.ports import World
from doorward.testing import FakeClock, open_world
from tests.administration import SAMPLES, Calls, browser, fields_of, furnish

pytestmark = pytest.mark.anyio

OPERATIONS = {operation.name: operation for operation in house().operations}
EACH = pytest.mark.parametrize("name", sorted(OPERATIONS))
SHOWN_ONCE = {"create_client": "client_secret", "rotate_client_secret": "client_secret", "create_api_key": "key"}


@dataclass
class Office:
    """An installation with somebody at each door."""

    application: Application
    ids: dict[str, str]
    http: httpx.AsyncClient

    def by(self, credential: str | None) -> Calls:
        return Calls(self.http, credential)

    async def holding(self, *permissions: str) -> Calls:
        """A caller with exactly these permissions everywhere."""
        world = self.application.world
        bob = await user(world, "bob")
        await roles.put_role(world, "test", permissions)
        await roles.assign(world, bob.subject, "test")
        _, secret = await api_keys.create(world, owner=bob.subject, name="test")
        return self.by(secret)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A furnished database, made once and copied for each test, and the ids in it."""
    path = tmp_path_factory.mktemp("office") / "doorward.db"

    async def make() -> dict[str, str]:
        world = await open_world(path)
        await assemble(world)
        ids = await furnish(world)
        await close(world)
        return ids

    return path, asyncio.run(make())


@pytest.fixture
async def office(furnished: tuple[Path, dict[str, str]], tmp_path: Path, clock: FakeClock) -> AsyncIterator[Office]:
    source, ids = furnished
    clock.advance(1)
    world = await open_world(shutil.copy(source, tmp_path / "doorward.db"), clock=clock)
    application = await assemble(world)
    async with browser(application) as http:
        yield Office(application, ids, http)
    await close(world)


def test_every_operation_has_a_sample() -> None:
    assert sorted(SAMPLES) == sorted(OPERATIONS)


def test_every_operation_needs_a_permission_of_doorwards_own() -> None:
    for operation in OPERATIONS.values():
        assert operation.permission is not None
        assert operation.permission.startswith("dw_")


def test_operations_that_change_something_are_not_get() -> None:
    reading = ("list", "show", "why", "verify")
    for name, operation in OPERATIONS.items():
        assert (operation.method == "GET") == (name.split("_")[0] in reading), name


@EACH
async def test_an_administrator_may_and_sees_no_secret(office: Office, name: str) -> None:
    """But the one that was just made, in the answer that makes it."""
    world, operation, sample = office.application.world, OPERATIONS[name], SAMPLES[name]
    [[password]] = await world.storage.read("SELECT hash FROM {passwords} LIMIT 1")
    digests = await world.storage.read("SELECT digest FROM {api_keys} UNION SELECT digest FROM {sessions}")
    secrets = [password, *(row[0] for row in digests)]
    secrets += [office.ids[kept] for kept in ("admin", "cookie", "client_secret")]

    answer = await office.by(office.ids["admin"])(operation, fields_of(name, office.ids))

    assert answer.status_code == (204 if operation.reply is type(None) else operation.status), answer.text
    assert not [secret for secret in secrets if secret in answer.text]
    if operation.reply is not type(None):
        assert sample.reply.items() <= answer.json().items()
        named = {field for field in _names(answer.json()) if field in ("key", "client_secret", "password", "digest")}
        assert named == ({SHOWN_ONCE[name]} if name in SHOWN_ONCE else set())


@EACH
async def test_nobody_else_may_and_is_told_why(office: Office, name: str) -> None:
    """Not a stranger, not an ordinary user, not somebody who may do everything else."""
    operation, fields = OPERATIONS[name], fields_of(name, office.ids)
    stranger = await office.by(None)(operation, fields)
    assert stranger.status_code == 401
    assert stranger.json()["reason"] == "credential.missing"
    assert stranger.headers["www-authenticate"].startswith("Bearer")

    ann = await office.by(office.ids["nobody"])(operation, fields)
    assert ann.status_code == 403
    assert ann.json()["reason"] == "role.missing"
    recorded = await office.by(office.ids["admin"])(OPERATIONS["why"], {"decision": ann.json()["decision"]})
    assert recorded.json()["permission"] == operation.permission
    assert recorded.json()["subject"] == f"user:{office.ids['ann']}"
    assert [step["holds"] for step in recorded.json()["trace"]] == [True, False]

    other = await office.holding(*sorted(house().permissions - {operation.permission or ""}))
    assert (await other(operation, fields)).json()["reason"] == "role.missing"


@EACH
async def test_its_permission_alone_opens_it_but_not_for_an_unknown_field(office: Office, name: str) -> None:
    operation, fields = OPERATIONS[name], fields_of(name, office.ids)
    caller = await office.holding(operation.permission or "")
    unknown = await caller(operation, {**fields, "colour": "red"})
    assert unknown.status_code == 400
    assert unknown.json()["reason"] == "field.unknown"
    answer = await caller(operation, fields)
    assert answer.status_code in (operation.status, 204), answer.text


@pytest.mark.parametrize("name", sorted(name for name, one in OPERATIONS.items() if one.method != "GET"))
async def test_what_changes_something_is_recorded_as_the_callers(office: Office, name: str) -> None:
    """At least one event, all of one request and by the caller."""
    admin = office.by(office.ids["admin"])
    if name.startswith("enable_"):
        await admin(OPERATIONS[name.replace("enable", "disable")], fields_of(name, office.ids))
    before = await _events(office.application.world)
    await admin(OPERATIONS[name], fields_of(name, office.ids))
    events = [event for event in await _events(office.application.world) if event not in before]
    assert bool(events) == (name != "check")  # asking changes nothing
    assert len({request for _, request, _ in events}) <= 1
    assert all(actor.startswith("service_account:svc_") for _, _, actor in events)


def _names(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for part in value.values() for name in _names(part)}
    if isinstance(value, list):
        return {name for part in value for name in _names(part)}
    return set()


async def _events(world: World) -> list[tuple[str, str, str]]:
    rows = await world.storage.read("SELECT id, request, actor FROM {audit_events}")
    return [(row[0], row[1], row[2]) for row in rows]
