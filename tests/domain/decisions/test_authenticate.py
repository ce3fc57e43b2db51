"""Who is calling: API keys, access tokens and sessions, and everything that is none of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.errors import DoorwardError, InvalidToken, Unauthenticated
from doorward.core.instant import DAY, after
from doorward.core.oauth.client import Client
from doorward.core.settings import Settings
from doorward.core.table import Add, Delete, Put, swap
from doorward.domain.accounts.flow import create_service_account, create_user
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, User
from doorward.domain.api_keys.flow import create
from doorward.domain.clients.records import CLIENTS
from doorward.domain.decisions.authenticate import authenticate, authenticate_session, prove
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.roles.records import RESOURCE_SERVERS, ResourceServer
from doorward.domain.sessions.flow import end, start
from doorward.domain.signing_keys.flow import ensure
from doorward.domain.tokens.flow import access_token
from doorward.domain.tokens.records import FAMILIES, REVOKED_TOKENS, Family, RevokedToken
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio

API = "https://api.example.com"


@pytest.fixture
async def ann(world: World) -> User:
    await ensure(world)
    await world.storage.commit(
        [
            Add(RESOURCE_SERVERS, ResourceServer(API, "API", ("invoice:read",))),
            Add(ORGANIZATIONS, Organization("acme", "Acme")),
            Add(CLIENTS, Client("web", "Web")),
        ]
    )
    return await create_user(world, username="ann", name="Ann A.")


async def token(world: World, subject: str, **more: object) -> str:
    issued, _ = await access_token(
        world,
        **{"subject": subject, "client_id": "web", "scope": ["invoice:read"], "audience": API, **more},  # type: ignore[arg-type]  # by name
    )
    return issued


async def reason(world: World, credential: str, audience: str | None = API) -> str:
    with pytest.raises((Unauthenticated, InvalidToken)) as refused:
        await authenticate(world, credential, audience=audience)
    assert len(credential) < 4 or credential not in refused.value.description + refused.value.hint
    return refused.value.reason


async def test_an_api_key_is_its_owner_within_its_scope(world: World, ann: User) -> None:
    key, secret = await create(world, owner=ann.subject, name="k", scope=["invoice:read"], organization="acme")
    proof = await prove(world, secret, audience=API)
    who = proof.principal
    assert (who.subject, who.credential_kind, who.credential) == (ann.subject, "api_key", key.id)
    assert (who.scopes, who.organization, who.expires) == (frozenset({"invoice:read"}), "acme", key.expires)
    assert (who.name, who.client, who.audience) == ("Ann A.", None, ())
    assert proof.rests_on == {("api_keys", (key.id,)), ("users", (ann.id,))}
    _, wide = await create(world, owner=ann.subject, name="wide")
    assert (await authenticate(world, wide, audience=None)).scopes is None


async def test_a_service_accounts_key(world: World, ann: User) -> None:
    worker = await create_service_account(world, "worker")
    key, secret = await create(world, owner=worker.subject, name="k")
    proof = await prove(world, secret, audience=API)
    assert (proof.principal.subject, proof.principal.user, proof.principal.name) == (worker.subject, None, "worker")
    assert proof.rests_on == {("api_keys", (key.id,)), ("service_accounts", (worker.id,))}
    await world.storage.commit([swap(SERVICE_ACCOUNTS, worker, status="disabled")])
    assert await reason(world, secret) == "user.inactive"


async def test_a_key_sleeps_with_its_owner(world: World, ann: User) -> None:
    _, secret = await create(world, owner=ann.subject, name="k")
    off = swap(USERS, ann, status="disabled")
    await world.storage.commit([off])
    assert await reason(world, secret) == "user.inactive"
    await world.storage.commit([swap(USERS, off.new, status="active")])
    assert await authenticate(world, secret, audience=API)
    await world.storage.commit([Delete(USERS, (ann.id,))])
    assert await reason(world, secret) == "user.inactive"


async def test_an_access_token_is_its_subject_within_its_scope(world: World, ann: User) -> None:
    session, _ = await start(world, ann, acr="urn:x", amr=("pwd",))
    now = world.clock.now()
    await world.storage.commit(
        [Add(FAMILIES, Family("fam_1", ann.id, "web", (), API, now, after(now, DAY), session=session.id))]
    )
    issued = await token(
        world, ann.id, family="fam_1", session=session.id, organization="acme", acr="urn:x", amr=["pwd"], auth_time=now
    )
    proof = await prove(world, issued, audience=API)
    who = proof.principal
    assert (who.subject, who.credential_kind, who.client) == (ann.subject, "token", "web")
    assert (who.scopes, who.organization, who.audience) == (frozenset({"invoice:read"}), "acme", (API,))
    assert (who.acr, who.amr, who.auth_time, who.name) == ("urn:x", ("pwd",), now, "Ann A.")
    assert who.expires == after(now, world.settings.access_token_lifetime)
    tables = {table for table, _ in proof.rests_on}
    assert tables == {"users", "clients", "revoked_tokens", "signing_keys", "families", "sessions"}
    assert {
        ("families", ("fam_1",)),
        ("sessions", (session.id,)),
        ("revoked_tokens", (who.credential,)),
    } < proof.rests_on
    await end(world, session)
    assert await reason(world, issued) == "credential.revoked"


async def test_a_service_accounts_token(world: World, ann: User) -> None:
    worker = await create_service_account(world, "worker")
    issued = await token(world, worker.id)
    proof = await prove(world, issued, audience=API)
    assert proof.principal.subject == worker.subject
    assert ("service_accounts", (worker.id,)) in proof.rests_on
    assert not {"families", "sessions", "users"} & {table for table, _ in proof.rests_on}


async def test_a_token_falls_with_each_thing_it_hangs_on(world: World, ann: User, clock: FakeClock) -> None:
    issued = await token(world, ann.id)
    who = await authenticate(world, issued, audience=API)
    assert await reason(world, issued, "https://other.example.com") == "credential.invalid"
    client = await world.storage.get(CLIENTS, "web")
    assert client is not None
    off = swap(CLIENTS, client, status="disabled")
    await world.storage.commit([off])
    assert await reason(world, issued) == "credential.revoked"
    await world.storage.commit([swap(CLIENTS, off.new, status="active")])
    disabled = swap(USERS, ann, status="disabled")
    await world.storage.commit([disabled])
    assert await reason(world, issued) == "user.inactive"
    await world.storage.commit([swap(USERS, disabled.new, status="active")])
    revoked = RevokedToken(who.credential, after(clock.now(), DAY))
    await world.storage.commit([Put(REVOKED_TOKENS, revoked)])
    assert await reason(world, issued) == "credential.revoked"
    await world.storage.commit([Delete(REVOKED_TOKENS, (who.credential,))])
    clock.advance(world.settings.access_token_lifetime)
    assert await reason(world, issued) == "token.expired"


async def test_a_token_is_meant_for_somebody(world: World, ann: User) -> None:
    issued = await token(world, ann.id)
    assert await reason(world, issued, None) == "credential.invalid"
    assert await reason(world, issued, "") == "credential.invalid"
    here = replace(world, settings=Settings(public_url=world.settings.public_url, resource=API))
    assert (await authenticate(here, issued, audience=None)).subject == ann.subject


async def test_what_is_no_credential_is_refused(world: World, ann: User) -> None:
    _, secret = await start(world, ann, acr="", amr=())
    key, _ = await create(world, owner=ann.subject, name="k")
    issued = await token(world, ann.id)
    head, body, _ = issued.split(".")
    for wrong in (
        "",
        " ",
        "x",
        "dw_",
        "dw_x",
        "a.b.c",
        f"{head}.{body}.",
        key.id,
        ann.id,
        ann.subject,
        secret,
        "é",
        "\ud800",
        "\x00",
    ):
        assert await reason(world, wrong) == "credential.invalid"


async def test_a_session(world: World, ann: User, clock: FakeClock) -> None:
    session, secret = await start(world, ann, acr="urn:x", amr=("pwd",))
    who = await authenticate_session(world, secret)
    assert who is not None
    assert (who.subject, who.credential_kind, who.credential) == (ann.subject, "session", session.id)
    assert (who.scopes, who.acr, who.amr, who.auth_time) == (None, "urn:x", ("pwd",), session.auth_time)
    key, key_secret = await create(world, owner=ann.subject, name="k")
    for wrong in ("", session.id, key.id, key_secret, await token(world, ann.id)):
        assert await authenticate_session(world, wrong) is None
    await end(world, session)
    assert await authenticate_session(world, secret) is None


async def test_a_database_that_is_gone_lets_nobody_in(world: World, ann: User) -> None:
    _, secret = await create(world, owner=ann.subject, name="k")
    _, session = await start(world, ann, acr="", amr=())
    issued = await token(world, ann.id)
    await world.storage.close()
    for attempt in (
        authenticate(world, secret, audience=API),
        authenticate(world, issued, audience=API),
        authenticate_session(world, session),
    ):
        with pytest.raises(DoorwardError):
            await attempt
