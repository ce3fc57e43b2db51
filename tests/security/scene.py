"""A whole server with something in it to attack: people, keys, an app that was allowed, an administrator signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

from doorward.app import assemble
from doorward.core.access.relation import assignment
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.outcome import Change, Relate, keep
from doorward.core.table import Put, Table
from doorward.domain.accounts.flow import create_service_account
from doorward.domain.accounts.records import User
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.api_keys.records import ApiKey
from doorward.domain.clients.flow import register
from doorward.domain.consents.records import CONSENTS, Consent
from doorward.domain.credentials.flow import enrol
from doorward.domain.credentials.records import ATTEMPTS
from doorward.domain.groups import flow as groups
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.organizations import flow as organizations
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.feature import House
from doorward.features.setup.flow import open_setup
from doorward.ports import Revision, Storage, World
from doorward.testing.world import all_tables
from doorward.web.route import Route
from tests.web.browser import Browser

PASSPHRASE = "a quiet walk by the river"
ANOTHER = "another walk along the coast"
REDIRECT = "https://books.example/callback"
RESOURCE = "https://api.example.com"
COOKIE = "__Host-doorward"
VOLATILE: tuple[Table[Any], ...] = (ATTEMPTS, AUDIT_EVENTS)
"""What a refusal may write."""


@dataclass(frozen=True)
class Scene:
    """One server and the ids of what is in it. `browser` is the administrator's, with her session."""

    world: World
    house: House
    asgi: ASGIApp
    browser: Browser
    secret: str
    ann: User
    bob: User
    session: Session
    other: Session
    bobs: Session
    key: ApiKey
    service_account: str
    code: str

    @property
    def routes(self) -> tuple[Route, ...]:
        return self.house.routes()

    def anonymous(self) -> Browser:
        return Browser(self.asgi)


async def scene(world: World) -> Scene:
    """Fill a fresh world, put a server on it and sign its administrator in."""
    world = replace(world, storage=Watched(world.storage))  # type: ignore[arg-type]  # delegates the rest of the port
    code = await open_setup(world)
    ann = await enrol(world, username="ann", password=PASSPHRASE, name="Ann")
    bob = await enrol(world, username="bob", password=PASSPHRASE)
    app = await assemble(world)
    await world.commit(keep(None, Relate(assignment(ADMIN_ROLE, "*", ann.subject))))
    await roles.declare(world, RESOURCE, "Invoices", ("invoice:read", "invoice:pay"))
    await roles.put_role(world, "clerk", ("invoice:read",))
    await organizations.create(world, "acme", "Acme")
    await organizations.add_member(world, "acme", bob.subject)
    await roles.assign(world, bob.subject, "clerk", "organization:acme")
    await register(world, client_name="Books", client_id="books", redirect_uris=(REDIRECT,), resource=RESOURCE)
    await groups.create(world, "writers", "Writers")
    await groups.add_member(world, "writers", bob.subject)
    account = await create_service_account(world, "nightly")
    now = world.clock.now()
    await world.commit(keep(None, Put(CONSENTS, Consent(ann.id, "books", ("openid",), now))))
    key, _ = await api_keys.create(world, owner=ann.subject, name="laptop")
    other, _ = await lifecycle.sign_in(world, "ann", PASSPHRASE)
    bobs, _ = await lifecycle.sign_in(world, "bob", PASSPHRASE)
    session, secret = await lifecycle.sign_in(world, "ann", PASSPHRASE)
    browser = Browser(app.asgi)
    browser.client.cookies.set(COOKIE, secret, domain="auth.example.com", path="/")
    return Scene(
        world, app.house, app.asgi, browser, secret, ann, bob, session, other, bobs, key, account.id, code or ""
    )


class Watched:
    """A storage that counts what is committed to it: what committed nothing changed nothing."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self.commits = storage, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def commit(self, changes: Sequence[Change]) -> Revision:
        self.commits += 1
        return await self._storage.commit(changes)


async def changed(scene: Scene, before: Mapping[str, list[object]]) -> bool:
    """Whether anything is otherwise than it was before."""
    storage = scene.world.storage
    assert isinstance(storage, Watched)
    commits, storage.commits = storage.commits, 0
    return commits > 0 and await state(scene.world) != before


async def state(world: World) -> Mapping[str, list[object]]:
    """Every row of every table but what a refusal may write, and but when a session was last seen."""
    kept: dict[str, list[object]] = {}
    for table in all_tables():
        if table in VOLATILE:
            continue
        rows: list[Any] = await world.storage.page(table, limit=1000)
        if table is SESSIONS:
            rows = [replace(row, last_seen=row.created, expires=row.ends, version=0) for row in rows]
        kept[table.name] = rows
    return kept


def authorization(scope: str = "openid invoice:read", redirect: str = REDIRECT) -> str:
    """The query of an authorization request of the client `books`."""
    return urlencode(
        {
            "response_type": "code",
            "client_id": "books",
            "redirect_uri": redirect,
            "scope": scope,
            "state": "s",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
    )
