"""An old backup is restored beside live sessions, tokens and codes: none of before is heard again."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.adapters.sqlite import restore
from doorward.app import backup, close, open_world
from doorward.core.access.relation import Relation
from doorward.core.errors import DoorwardError
from doorward.core.instant import DAY, after
from doorward.core.oauth.client import Client
from doorward.core.outcome import Relate
from doorward.core.settings import Settings
from doorward.core.table import Add
from doorward.domain.accounts.flow import create_service_account, create_user
from doorward.domain.clients.records import CLIENTS
from doorward.domain.decisions.authenticate import authenticate, authenticate_session
from doorward.domain.sessions.flow import start
from doorward.domain.signing_keys.flow import ensure
from doorward.domain.tokens.flow import access_token, open_family
from doorward.features.authorization_code.records import AUTHORIZATION_CODES, AuthorizationCode
from doorward.ports import World
from doorward.testing import FakeClock
from doorward.testing.world import all_tables
from tests.core.jose.keys import made
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

API = "https://api.example"
EACH = 25


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        public_url="https://auth.example.com", data=str(tmp_path), secret_key=secrets.token_urlsafe(32), resource=API
    )


class Artefacts:
    """What was handed out: secrets of sessions, tokens of people and of services, digests of codes."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.tokens: list[str] = []
        self.codes: list[str] = []

    async def make(self, world: World) -> None:
        """One of each, and one more that hangs on nothing."""
        user = await create_user(world, username=f"u{len(self.sessions)}")
        service = await create_service_account(world, f"s{len(self.sessions)}")
        session, secret = await start(world, user, acr="urn:x", amr=("pwd",))
        family = await open_family(
            world, user=user.id, client="app", scope=(), audience=API, session=session.id, lifetime=DAY
        )
        self.sessions.append(secret)
        for subject, of in ((user.id, family.id), (user.id, None), (service.id, None)):
            token, _ = await access_token(world, subject=subject, client_id="app", scope=(), audience=API, family=of)
            self.tokens.append(token)
        now = world.clock.now()
        code = AuthorizationCode(
            f"digest{len(self.codes)}", "app", "https://app.example/cb", "c", user.id, session.id, (), API, now,
            "urn:x", ("pwd",), now, after(now, DAY), after(now, DAY), False,
        )  # fmt: skip
        await world.storage.commit([Add(AUTHORIZATION_CODES, code)])
        self.codes.append(code.digest)

    async def alive(self, world: World) -> list[str]:
        """Those that are still heard."""
        heard = [secret for secret in self.sessions if await authenticate_session(world, secret) is not None]
        for token in self.tokens:
            try:
                await authenticate(world, token, audience=API)
            except DoorwardError:
                continue
            heard.append(token)
        return heard + [code for code in self.codes if await world.storage.get(AUTHORIZATION_CODES, code) is not None]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.sessions) + len(self.tokens) + len(self.codes)


async def lived(settings: Settings, clock: FakeClock, copy: Path) -> Artefacts:
    """An installation's life: artefacts before the backup and after it."""
    artefacts = Artefacts()
    world = await open_world(settings, clock=clock)
    await ensure(world, make=made)
    await world.storage.commit([Add(CLIENTS, Client("app", "App"))])
    for number in range(EACH):
        if number == EACH // 2:
            backup(settings, copy)
        await artefacts.make(world)
    assert len(await artefacts.alive(world)) == artefacts.count
    await close(world)
    return artefacts


async def still_alive(settings: Settings, clock: FakeClock, artefacts: Artefacts, put: Callable[[], object]) -> int:
    """How many are heard after the backup was put in place; what is made then must be."""
    clock.advance(1)
    put()
    clock.advance(1)
    world = await open_world(settings, clock=clock)
    try:
        heard = await artefacts.alive(world)
        user = await create_user(world, username="new")
        token, _ = await access_token(world, subject=user.id, client_id="app", scope=(), audience=API)
        assert await authenticate(world, token, audience=API)
        await world.storage.commit([Relate(Relation("invoice:7", "viewer", user.subject))])
        world.relations.refresh()
        assert list(world.relations.subjects("invoice:7", "viewer")) == [user.subject]
        return len(heard)
    finally:
        await close(world)


async def test_restore(tmp_path: Path, settings: Settings, clock: FakeClock) -> None:
    copy, file, tables = tmp_path / "copy", tmp_path / "doorward.db", all_tables()
    artefacts = await lived(settings, clock, copy)
    planted = await still_alive(settings, clock, artefacts, lambda: shutil.copy(copy, file))
    assert planted > 0
    through = await still_alive(settings, clock, artefacts, lambda: restore(copy, file, tables, clock=clock))
    figures.record(29, "restore", artefacts.count, through, f"a backup copied over the file, {planted} were heard")
