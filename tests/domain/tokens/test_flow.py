"""Tokens against a real database: issued, read, ended by each thing they hang on."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Exists, InvalidToken, Misconfigured
from doorward.core.instant import DAY, Seconds, after, to_unix
from doorward.core.jose.id_token import token_hash
from doorward.core.jose.verification import verify
from doorward.core.oauth.client import Client
from doorward.core.settings import Settings
from doorward.core.table import Delete, Put, Table
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.clients.records import CLIENTS
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.signing_keys.flow import ensure, key_set, rotate
from doorward.domain.tokens import flow
from doorward.domain.tokens.records import REVOKED_TOKENS
from doorward.ports import World
from doorward.testing import FakeClock, open_world
from tests.core.jose.keys import made

pytestmark = pytest.mark.anyio

API = "https://api.example"
APP, OTHER = Client("app", "App"), Client("other", "Other")


@pytest.fixture(autouse=True)
async def _people(world: World) -> None:
    now = world.clock.now()
    end = after(now, DAY)
    await ensure(world, make=made)
    await world.storage.commit([
        Put(USERS, User("usr_1", "ann", "ann")), Put(SERVICE_ACCOUNTS, ServiceAccount("svc_1", "job", "job")),
        Put(CLIENTS, APP), Put(CLIENTS, OTHER),
        Put(SESSIONS, Session("ses_1", "digest", "usr_1", now, now, end, end, now, "urn:x", ("pwd",))),
    ])  # fmt: skip


async def issue(world: World, **more: Any) -> str:
    plain = {"subject": "usr_1", "client_id": "app", "scope": ("invoice:read",), "audience": API}
    token, lifetime = await flow.access_token(world, **{**plain, **more})
    assert lifetime == world.settings.access_token_lifetime
    return token


async def dead(world: World, token: str, **how: Any) -> str:
    with pytest.raises(InvalidToken) as caught:
        await flow.verify_access_token(world, token, **how)
    return caught.value.reason


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    return header, claims


async def in_family(world: World, **more: Any) -> str:
    opened = await flow.open_family(
        world, user="usr_1", client="app", scope=("invoice:read",), audience=API, lifetime=DAY, **more
    )
    return opened.id


async def test_an_access_token_is_what_the_standard_says(world: World) -> None:
    token = await issue(
        world, acr="urn:x", amr=["pwd"], auth_time=world.clock.now(), organization="acme", session="ses_1"
    )
    now = to_unix(world.clock.now())
    header, claims = opened(token)
    assert header == {"alg": "ES256", "kid": made("ES256").kid, "typ": "at+jwt"}
    assert claims.pop("jti").startswith("tok_")
    assert claims == {"iss": world.settings.public_url, "sub": "usr_1", "aud": API, "client_id": "app", "iat": now,
                      "scope": "invoice:read", "exp": now + 600, "acr": "urn:x", "amr": ["pwd"], "auth_time": now,
                      "org_id": "acme", "sid": "ses_1"}  # fmt: skip
    read = await flow.verify_access_token(world, token, audience=API)
    assert (read.subject, read.scope, read.organization) == ("usr_1", ("invoice:read",), "acme")


async def test_no_two_tokens_are_the_same(world: World) -> None:
    assert len({opened(await issue(world))[1]["jti"] for _ in range(50)}) == 50


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "EdDSA"])
async def test_another_algorithm_can_be_asked_for(world: World, algorithm: Any) -> None:
    await ensure(world, [algorithm], made)
    token = await issue(world, algorithm=algorithm)
    assert opened(token)[0]["alg"] == algorithm
    await flow.verify_access_token(world, token, audience=API)


async def test_a_service_account_has_tokens_too(world: World) -> None:
    token = await issue(world, subject="svc_1", audience=["https://b.example", API], scope=())
    assert (await flow.verify_access_token(world, token, audience=API)).principal == "service_account:svc_1"
    await world.storage.commit([Delete(SERVICE_ACCOUNTS, ("svc_1",))])
    assert await dead(world, token) == "user.inactive"


@pytest.mark.spec("rfc9068#3")
@pytest.mark.parametrize("audience", ["", [], [""], [API, ""]])
async def test_a_token_for_nobody_is_not_issued(world: World, audience: Any) -> None:
    with pytest.raises(ValueError, match="audience"):
        await issue(world, audience=audience)


async def test_without_a_public_url_nothing_is_issued(world: World) -> None:
    with pytest.raises(Misconfigured):
        await issue(replace(world, settings=Settings()))


async def test_time_and_audience(world: World, clock: FakeClock) -> None:
    token = await issue(world)
    assert await dead(world, token, audience="https://other.example") == "credential.invalid"
    clock.advance(Seconds(599))
    await flow.verify_access_token(world, token, audience=API)
    clock.advance(Seconds(1))
    assert await dead(world, token) == "token.expired"


async def test_a_token_signed_by_a_retired_key_holds(world: World) -> None:
    token = await issue(world)
    await rotate(world, "ES256", lambda algorithm: made(algorithm, 31))
    await flow.verify_access_token(world, token, audience=API)
    assert opened(await issue(world))[0]["kid"] == made("ES256", 31).kid


@pytest.mark.parametrize(
    ("table", "key"), [(USERS, "usr_1"), (CLIENTS, "app"), (SESSIONS, "ses_1")], ids=["user", "client", "session"]
)
async def test_what_it_hangs_on_goes_and_it_is_dead(world: World, table: Table[Any], key: str) -> None:
    token = await issue(world, family=await in_family(world, session="ses_1"), session="ses_1")
    await flow.verify_access_token(world, token, audience=API)
    await world.storage.commit([Delete(table, (key,))])
    assert await dead(world, token) in {"credential.revoked", "user.inactive"}


async def test_disabling_ends_it_and_enabling_does_not_undo_a_revocation(world: World) -> None:
    token = await issue(world)
    await world.storage.commit([Put(USERS, User("usr_1", "ann", "ann", status="disabled"))])
    assert await dead(world, token) == "user.inactive"
    await world.storage.commit([Put(USERS, User("usr_1", "ann", "ann")), Put(CLIENTS, replace(APP, status="disabled"))])
    assert await dead(world, token) == "credential.revoked"


async def test_ending_a_family_ends_all_its_tokens_and_no_others(world: World) -> None:
    family = await in_family(world)
    mine, also = await issue(world, family=family), await issue(world, family=family)
    apart = await issue(world, family=await in_family(world))
    await flow.end_family(world, family, "code.reused")
    assert [await dead(world, token) for token in (mine, also)] == ["credential.revoked"] * 2
    await flow.verify_access_token(world, apart, audience=API)
    await flow.end_family(world, family, "code.reused")
    ends = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "family.end"]
    assert [(event.target, event.reason) for event in ends] == [(f"family:{family}", "code.reused")]


async def test_a_family_outlives_the_session_only_without_one(world: World, clock: FakeClock) -> None:
    bound, free = await in_family(world, session="ses_1"), await in_family(world)
    clock.advance(Seconds(DAY - 60))
    tokens = [await issue(world, family=family) for family in (bound, free)]
    await world.storage.commit([Delete(SESSIONS, ("ses_1",))])
    assert await dead(world, tokens[0]) == "credential.revoked"
    await flow.verify_access_token(world, tokens[1], audience=API)
    clock.advance(Seconds(61))  # the family itself ends
    assert await dead(world, tokens[1]) == "credential.revoked"


async def test_one_code_opens_one_family(world: World) -> None:
    await in_family(world, code="digest")
    with pytest.raises(Exists):
        await in_family(world, code="digest")


@pytest.mark.spec("rfc7009#2.1")
async def test_a_client_revokes_its_own_and_nobody_elses(world: World) -> None:
    token, kept = await issue(world), await issue(world)
    await flow.revoke(world, token, OTHER)
    await flow.verify_access_token(world, token, audience=API)
    await flow.revoke(world, token, APP)
    assert await dead(world, token) == "credential.revoked"
    await flow.verify_access_token(world, kept, audience=API)
    await flow.revoke(world, token, APP)  # again
    events = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "token.revoke"]
    assert len(events) == 1


@pytest.mark.parametrize("text", ["", "a.b.c", "dw_key", "x" * 20_000])
async def test_revoking_what_is_no_token_is_no_error(world: World, text: str) -> None:
    await flow.revoke(world, text, APP)
    assert await world.storage.page(REVOKED_TOKENS) == []


async def test_a_revocation_is_remembered_longer_than_the_token_lives(world: World, clock: FakeClock) -> None:
    token = await issue(world)
    await flow.revoke(world, token, APP)
    clock.advance(Seconds(600))
    assert len(await world.storage.page(REVOKED_TOKENS)) == 1
    clock.advance(Seconds(61))
    assert await world.storage.page(REVOKED_TOKENS) == []


async def test_an_id_token_is_what_the_standard_says(world: World) -> None:
    access = await issue(world)
    now = world.clock.now()
    token = await flow.id_token(
        world, subject="usr_1", client_id="app", nonce="n", auth_time=now, acr="urn:x", amr=["pwd"], session="ses_1",
        access_token=access, claims={"name": "Ann", "sub": "usr_2"},
    )  # fmt: skip
    assert verify(token, await key_set(world), typ={"JWT"}) == {
        "iss": world.settings.public_url, "sub": "usr_1", "aud": "app", "iat": to_unix(now), "exp": to_unix(now) + 600,
        "nonce": "n", "auth_time": to_unix(now), "acr": "urn:x", "amr": ["pwd"], "sid": "ses_1", "name": "Ann",
        "at_hash": token_hash(access, "RS256"),
    }  # fmt: skip
    assert opened(token)[0] == {"alg": "RS256", "kid": made("RS256").kid, "typ": "JWT"}


async def test_an_id_token_comes_back_as_a_hint_and_opens_no_door(world: World, clock: FakeClock) -> None:
    token = await flow.id_token(world, subject="usr_1", client_id="app", audience=[API], session="ses_1")
    assert await dead(world, token) == "credential.invalid"
    clock.advance(DAY)
    hint = await flow.id_token_hint(world, token)
    assert (hint.subject, hint.audience, hint.session) == ("usr_1", ("app", API), "ses_1")
    with pytest.raises(InvalidToken):
        await flow.id_token_hint(world, await issue(world))


async def test_what_another_process_ends_is_dead_here_at_once_and_after_a_restart(
    world: World, clock: FakeClock, tmp_path: Path
) -> None:
    family = await in_family(world)
    revoked, ended, kept = await issue(world), await issue(world, family=family), await issue(world)
    for token in (revoked, ended, kept):
        await flow.verify_access_token(world, token, audience=API)  # whatever this process caches is warm
    other = await open_world(tmp_path / "doorward.db", clock=clock)  # without this one's server key
    try:
        await flow.revoke(other, revoked, APP)
        await flow.end_family(other, family, "session.ended")
        for token in (revoked, ended):
            assert await dead(world, token) == "credential.revoked"
    finally:
        await other.storage.close()
    restarted = await open_world(tmp_path / "doorward.db", clock=clock)
    try:
        for token in (revoked, ended):
            assert await dead(restarted, token) == "credential.revoked"
        await flow.verify_access_token(restarted, kept, audience=API)
    finally:
        await restarted.storage.close()
