"""Redeeming a code over HTTP: what a client gets, and what lives on afterwards."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import InvalidToken
from doorward.core.outcome import keep
from doorward.core.secret import digest
from doorward.core.settings import Settings
from doorward.domain.clients.flow import register
from doorward.domain.consents.reads import consent
from doorward.domain.consents.rules import withdrawal
from doorward.domain.lifecycle.flow import disable_client, disable_user
from doorward.domain.sessions.flow import end
from doorward.domain.signing_keys.flow import public_keys
from doorward.domain.tokens.flow import verify_access_token
from doorward.domain.tokens.records import FAMILIES
from doorward.features.authorization_code import metadata
from doorward.features.authorization_code.records import AUTHORIZATION_CODES
from doorward.testing import FakeClock
from tests.oauth import CALLBACK, RESOURCE, VERIFIER, Party, basic, house

pytestmark = pytest.mark.anyio


async def alive(ann: Party, token: str) -> bool:
    try:
        await verify_access_token(ann.world, token, audience=RESOURCE)
    except InvalidToken:
        return False
    return True


async def test_what_the_client_gets(ann: Party) -> None:
    response = await ann.token(code=await ann.code())
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"
    body = response.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert body["scope"] == "openid profile invoice:read"
    assert "refresh_token" not in body
    token = await verify_access_token(ann.world, body["access_token"], audience=RESOURCE)
    assert (token.subject, token.client_id) == (ann.user.id, ann.client.client_id)
    assert token.session == (ann.session.id if ann.session else "")
    families = await ann.world.storage.page(FAMILIES)
    assert [(family.id, family.session) for family in families] == [(token.family, token.session)]


async def test_the_id_token(ann: Party) -> None:
    body = (await ann.token(code=await ann.code())).json()
    keys = KeySet.import_key_set({"keys": [key.public for key in await public_keys(ann.world)]})  # type: ignore[typeddict-item]  # what we publish
    claims = jwt.decode(body["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == ann.world.settings.public_url
    assert (claims["sub"], claims["aud"], claims["nonce"]) == (ann.user.id, ann.client.client_id, "n-1")
    assert claims["acr"] == ann.world.settings.assurance
    assert ann.session is not None
    assert claims["auth_time"] == ann.session.auth_time // 1_000_000
    assert claims["at_hash"]


async def test_no_id_token_without_openid(ann: Party) -> None:
    body = (await ann.token(code=await ann.code(scope="invoice:read"))).json()
    assert "id_token" not in body
    token = await verify_access_token(ann.world, body["access_token"], audience=RESOURCE)
    assert token.scope == ("invoice:read",)
    with pytest.raises(InvalidToken):
        await verify_access_token(ann.world, body["access_token"], audience=ann.world.settings.public_url)


async def test_a_second_redemption_ends_the_first(ann: Party, clock: FakeClock) -> None:
    code = await ann.code()
    token = (await ann.token(code=code)).json()["access_token"]
    assert await alive(ann, token)
    clock.advance(300)
    refused = await ann.token(code=code)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert not await alive(ann, token)
    events = await ann.world.storage.page(AUDIT_EVENTS, {"action": "token.refuse"})
    assert [(event.reason, event.actor) for event in events] == [("code.replayed", f"client:{ann.client.client_id}")]


async def test_a_wrong_verifier_uses_the_code_up(ann: Party) -> None:
    code = await ann.code()
    assert (await ann.token(code=code, code_verifier=VERIFIER[::-1])).json()["reason"] == "pkce.mismatch"
    assert (await ann.token(code=code)).json()["reason"] == "code.replayed"
    assert await ann.world.storage.page(FAMILIES) == []


async def test_another_client_gets_nothing_and_takes_nothing(ann: Party) -> None:
    code = await ann.code()
    other, secret = await register(ann.world, client_name="Other", redirect_uris=(CALLBACK,))
    assert secret is not None
    refused = await ann.token(code=code, headers=basic(other, secret))
    assert (refused.status_code, refused.json()["reason"]) == (400, "code.client")
    assert (await ann.token(code=code)).status_code == 200


async def test_after_a_minute_it_is_too_late(ann: Party, clock: FakeClock) -> None:
    code = await ann.code()
    clock.advance(60)
    assert (await ann.token(code=code)).json()["reason"] == "code.expired"


async def test_what_ends_before_redemption_ends_the_code(ann: Party) -> None:
    code = await ann.code()
    assert ann.session is not None
    await end(ann.world, ann.session)
    assert (await ann.token(code=code)).json()["reason"] == "session.ended"


async def test_a_disabled_user_or_client(ann: Party) -> None:
    code = await ann.code()
    await disable_user(ann.world, ann.user)
    assert (await ann.token(code=code)).json()["error"] == "invalid_grant"
    await disable_client(ann.world, ann.client)
    assert (await ann.token(code=code)).status_code == 401


async def test_withdrawn_consent_ends_the_code(ann: Party) -> None:
    code = await ann.code()
    given = await consent(ann.world, ann.user.id, ann.client.client_id)
    assert given is not None
    await ann.world.commit(keep(None, *withdrawal(given)))
    assert (await ann.token(code=code)).json()["reason"] == "consent.withdrawn"


async def test_missing_and_unknown_codes(ann: Party) -> None:
    assert (await ann.token()).json()["error"] == "invalid_request"
    assert (await ann.token(code="dwac_x")).json()["reason"] == "code.unknown"
    assert len(await ann.world.storage.page(AUDIT_EVENTS, {"action": "token.refuse"})) == 2


async def test_only_the_digest_is_kept_and_for_a_day(ann: Party, clock: FakeClock) -> None:
    code = await ann.code()
    assert await ann.world.storage.get(AUTHORIZATION_CODES, digest(code)) is not None
    clock.advance(86_400)
    assert await ann.world.storage.get(AUTHORIZATION_CODES, digest(code)) is None


def test_discovery_says_what_is_built() -> None:
    said = metadata(Settings(public_url="https://auth.example.com"), house())
    assert said["authorization_endpoint"] == "https://auth.example.com/oauth2/authorize"
    assert said["response_types_supported"] == ["code"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["request_uri_parameter_supported"] is False
