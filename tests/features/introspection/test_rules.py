"""Who is told about a token: its client, and whoever speaks for its audience, by equality."""

from __future__ import annotations

import pytest

from doorward.core.errors import InvalidClient
from doorward.core.instant import from_unix
from doorward.core.jose.access_token import AccessToken
from doorward.core.oauth.client import Client
from doorward.features.introspection.rules import answer, concerns, permit

API = "https://api.example"
TOKEN = AccessToken(
    issuer="https://auth.example", subject="svc_1", audience=(API, "https://b.example"), client_id="app", scope=(),
    issued=from_unix(1), expires=from_unix(2), jti="tok_1",
)  # fmt: skip


@pytest.mark.parametrize("resource", [API, "https://b.example"])
def test_an_audience_is_told(resource: str) -> None:
    assert concerns(Client("other", "O", resource=resource), TOKEN)


@pytest.mark.parametrize(
    "resource", [None, "", "https://api", API + "/", API + "/v1", API.upper(), "https://c.example"]
)
def test_what_only_looks_like_an_audience_is_not(resource: str | None) -> None:
    client = Client("ap", "O", resource=resource)
    assert not concerns(client, TOKEN)
    assert answer(client, TOKEN) == {"active": False} == answer(client, None)


def test_what_is_not_known_is_left_out() -> None:
    assert answer(Client("app", "A"), TOKEN) == {
        "active": True, "scope": "", "client_id": "app", "token_type": "Bearer", "exp": 2, "iat": 1, "sub": "svc_1",
        "aud": [API, "https://b.example"], "iss": "https://auth.example", "jti": "tok_1",
    }  # fmt: skip


@pytest.mark.spec("rfc7662#2.1")
def test_only_a_client_with_a_secret_may_ask() -> None:
    assert permit(Client("app", "A")).error is None
    refused = permit(Client("spa", "S", token_endpoint_auth_method="none"))
    assert isinstance(refused.error, InvalidClient)
    assert len(refused.changes) == 1
