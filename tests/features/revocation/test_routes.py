"""Revocation over HTTP: a client ends its own tokens, and learns nothing of others."""

from __future__ import annotations

import httpx
import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import InvalidToken
from doorward.core.oauth.client import Client
from doorward.core.table import Put
from doorward.domain.accounts.records import USERS, User
from doorward.domain.clients.flow import register
from doorward.domain.clients.records import CLIENTS
from doorward.domain.signing_keys.flow import ensure
from doorward.domain.tokens import flow
from doorward.domain.tokens.records import REVOKED_TOKENS
from doorward.features import revocation
from doorward.ports import World
from tests.core.jose.keys import made
from tests.features.serving import serving

pytestmark = pytest.mark.anyio

API, PATH = "https://api.example", "/oauth2/revoke"


@pytest.fixture
async def secrets(world: World) -> dict[str, str]:
    await ensure(world, make=made)
    await world.storage.commit(
        [Put(USERS, User("usr_1", "ann", "ann")), Put(CLIENTS, Client("spa", "S", token_endpoint_auth_method="none"))]
    )
    made_of = {}
    for name in ("app", "other"):
        _, secret = await register(world, client_name=name, client_id=name, grant_types=("client_credentials",))
        assert secret is not None
        made_of[name] = secret
    return made_of


async def issue(world: World, client: str = "app") -> str:
    token, _ = await flow.access_token(world, subject="usr_1", client_id=client, scope=(), audience=API)
    return token


async def lives(world: World, token: str) -> bool:
    try:
        await flow.verify_access_token(world, token, audience=API)
    except InvalidToken:
        return False
    return True


async def test_a_client_ends_its_own_token(world: World, secrets: dict[str, str]) -> None:
    token = await issue(world)
    async with serving(world, [revocation.FEATURE]) as http:
        for _ in range(2):  # the second time it is dead already
            answer = await http.post(PATH, data={"token": token}, auth=("app", secrets["app"]))
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["cache-control"] == "no-store"
    assert not await lives(world, token)
    assert [event.action for event in await world.storage.page(AUDIT_EVENTS)].count("token.revoke") == 1


async def test_a_public_client_does_too(world: World, secrets: dict[str, str]) -> None:
    token = await issue(world, "spa")
    async with serving(world, [revocation.FEATURE]) as http:
        answer = await http.post(
            PATH, data={"token": token, "client_id": "spa"}, headers={"origin": "https://app.example"}
        )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert not await lives(world, token)


@pytest.mark.spec("rfc7009#2.1")
async def test_another_clients_token_lives_on_and_the_answer_is_the_same(world: World, secrets: dict[str, str]) -> None:
    token = await issue(world)
    async with serving(world, [revocation.FEATURE]) as http:
        answers = [
            await http.post(PATH, data={"token": text, "token_type_hint": hint}, auth=("other", secrets["other"]))
            for text in (token, "nonsense", await flow.id_token(world, subject="usr_1", client_id="other"))
            for hint in ("access_token", "refresh_token", "unknown")
        ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}
    assert await lives(world, token)
    assert await world.storage.page(REVOKED_TOKENS) == []


@pytest.mark.spec("rfc7009#2.1.auth")
@pytest.mark.parametrize("auth", [None, ("app", "wrong"), ("nobody", "x")])
async def test_without_proof_nothing_is_ended(
    world: World, secrets: dict[str, str], auth: tuple[str, str] | None
) -> None:
    token = await issue(world)
    async with serving(world, [revocation.FEATURE]) as http:
        answer = await http.post(PATH, data={"token": token}, auth=auth or httpx.USE_CLIENT_DEFAULT)
        posing = await http.post(PATH, data={"token": token, "client_id": "app"})
    assert answer.status_code in {400, 401}
    assert posing.status_code in {400, 401}
    assert await lives(world, token)


@pytest.mark.parametrize("form", [{"a": "b"}, {"token": ""}])
async def test_a_request_without_a_token_is_malformed(
    world: World, secrets: dict[str, str], form: dict[str, str]
) -> None:
    async with serving(world, [revocation.FEATURE]) as http:
        answer = await http.post(PATH, data=form, auth=("app", secrets["app"]))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
