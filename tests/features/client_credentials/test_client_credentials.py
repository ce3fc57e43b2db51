"""A client as its own principal: which token it gets, and what it never gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import InvalidScope, InvalidTarget, OAuthError, UnauthorizedClient
from doorward.core.oauth.client import Client
from doorward.domain.accounts.reads import subject
from doorward.domain.accounts.records import ServiceAccount
from doorward.domain.clients.flow import register
from doorward.domain.lifecycle.flow import disable_service_account
from doorward.domain.tokens.flow import verify_access_token
from doorward.features.client_credentials import rules
from tests.oauth import RESOURCE, Party

CLIENT = Client("job", "Job", grant_types=("client_credentials",), service_account="svc_1")
OFFERED = {"https://api": ("invoice:read", "invoice:pay")}


def give(client: Client = CLIENT, active: bool = True, **parameters: str) -> rules.Given:
    return rules.give(client, active, parameters, OFFERED, "https://issuer")


def test_scopes_are_cut_and_openid_is_about_people() -> None:
    assert give() == rules.Given("svc_1", "https://api", ("invoice:read", "invoice:pay"))
    assert give(scope="openid invoice:read").scope == ("invoice:read",)
    assert give(replace(CLIENT, scope=("invoice:pay", "openid"))).scope == ("invoice:pay",)
    with pytest.raises(InvalidScope):
        give(scope="openid")
    with pytest.raises(InvalidTarget):
        give(resource="https://other")


@pytest.mark.spec("rfc6749#4.4.2")
def test_never_for_a_public_client() -> None:
    with pytest.raises(UnauthorizedClient) as refused:
        give(replace(CLIENT, token_endpoint_auth_method="none"))
    assert refused.value.reason == "client.public"


@pytest.mark.parametrize(("client", "active"), [(CLIENT, False), (replace(CLIENT, service_account=None), True)])
def test_never_without_an_active_principal(client: Client, active: bool) -> None:
    with pytest.raises(OAuthError) as refused:
        give(client, active)
    assert refused.value.reason == "user.inactive"


@pytest.mark.anyio
async def test_over_http(ann: Party) -> None:
    ann.client, ann.secret = await register(
        ann.world, client_name="Job", client_id="job", grant_types=("client_credentials",), scope=("invoice:read",)
    )
    before = len(await ann.world.storage.page(AUDIT_EVENTS))
    response = await ann.token(grant_type="client_credentials")
    assert response.status_code == 200
    body = response.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert body["scope"] == "invoice:read"
    token = await verify_access_token(ann.world, body["access_token"], audience=RESOURCE)
    assert (token.subject, token.client_id) == (ann.client.service_account, "job")
    assert len(await ann.world.storage.page(AUDIT_EVENTS)) == before
    info = await ann.http.get("/oauth2/userinfo", headers={"authorization": f"Bearer {body['access_token']}"})
    assert info.status_code == 401


@pytest.mark.anyio
async def test_a_disabled_principal_gets_nothing(ann: Party) -> None:
    ann.client, ann.secret = await register(
        ann.world, client_name="Job", client_id="job", grant_types=("client_credentials",)
    )
    account = await subject(ann.world, f"service_account:{ann.client.service_account}")
    assert isinstance(account, ServiceAccount)
    await disable_service_account(ann.world, account)
    response = await ann.token(grant_type="client_credentials")
    assert (response.status_code, response.json()["reason"]) == (400, "user.inactive")
    assert len(await ann.world.storage.page(AUDIT_EVENTS, {"action": "token.refuse"})) == 1
