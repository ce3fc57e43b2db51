"""What may be registered, and how a client is told from somebody who says that they are it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from doorward.core.errors import Invalid, InvalidClient, InvalidRequest
from doorward.core.oauth.client import Client
from doorward.core.outcome import Event
from doorward.core.secret import digest
from doorward.core.table import Add, Swap
from doorward.domain.accounts.records import ServiceAccount
from doorward.domain.clients import rules
from doorward.domain.clients.rules import Presented

SECRET = "dwcs_secret"
CLIENT = Client("app", "App", redirect_uris=("https://app.example.com/cb",), secret_digest=digest(SECRET))
PUBLIC = replace(CLIENT, token_endpoint_auth_method="none", secret_digest=None)
ACCOUNT = ServiceAccount("svc_1", "app", "app")


def basic(text: str, scheme: str = "Basic") -> str:
    return f"{scheme} {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    "fault",
    [
        {"client_id": ""},
        {"client_id": "a/b"},
        {"client_id": "a" * 65},
        {"client_name": ""},
        {"client_name": "a\nb"},
        {"client_name": "a" * 121},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"grant_types": ()},
        {"grant_types": ("authorization code",)},
        {"redirect_uris": ()},
        {"redirect_uris": ("http://app.example.com/",)},
        {"post_logout_redirect_uris": ("/bye",)},
        {"scope": ("a b",)},
        {"resource": "api"},
        {"resource": "https://api.example.com/#x"},
        {"resource": "https://[x"},
        {"resource": "https://api.example.com\n"},
        {"client_uri": "javascript:alert(1)"},
        {"client_uri": "https://[x"},
        {"client_uri": "https:"},
        {"client_uri": "https://a b.example"},
        {"client_name": "  "},
    ],
)
def test_a_client_that_cannot_be(fault: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        rules.check(replace(CLIENT, **fault))


@pytest.mark.spec("rfc6749#4.4")
def test_a_public_client_has_no_principal_of_its_own() -> None:
    with pytest.raises(Invalid) as refused:
        rules.check(replace(PUBLIC, grant_types=("client_credentials",)))
    assert refused.value.reason == "client.grant_types"


def test_clients_that_can_be() -> None:
    rules.check(CLIENT)
    rules.check(replace(PUBLIC, redirect_uris=("com.example.app:/cb", "http://[::1]/cb")))
    urn = "urn:ietf:params:oauth:grant-type:device_code"
    rules.check(replace(CLIENT, redirect_uris=(), grant_types=("client_credentials", urn)))
    rules.check(
        replace(CLIENT, resource="https://api.example.com", client_uri="https://app.example.com", scope=("a:b",))
    )


def test_registration_brings_a_service_account_where_one_is_needed() -> None:
    outcome = rules.register(CLIENT, ACCOUNT)
    assert outcome.reply == CLIENT
    assert [type(change) for change in outcome.changes] == [Add, Event]
    outcome = rules.register(replace(CLIENT, grant_types=("client_credentials",)), ACCOUNT)
    assert outcome.reply is not None
    assert outcome.reply.service_account == "svc_1"
    assert [type(change) for change in outcome.changes] == [Add, Add, Event]


def test_an_update_keeps_what_makes_the_client_who_it_is() -> None:
    old = replace(CLIENT, service_account="svc_0", version=3)
    new = Client("other", "Renamed", redirect_uris=CLIENT.redirect_uris, status="disabled", secret_digest="x")
    outcome = rules.update(old, new, ACCOUNT)
    assert outcome.reply == replace(old, client_name="Renamed", version=4)
    assert isinstance(outcome.changes[0], Swap)
    grown = rules.update(CLIENT, replace(CLIENT, grant_types=("client_credentials",)), ACCOUNT)
    assert grown.reply is not None
    assert grown.reply.service_account == "svc_1"


def test_rotation() -> None:
    outcome = rules.rotate(CLIENT, "new")
    assert outcome.reply == "new"
    change = outcome.changes[0]
    assert isinstance(change, Swap)
    assert change.new.secret_digest == digest("new")
    with pytest.raises(Invalid):
        rules.rotate(PUBLIC, "new")


@pytest.mark.parametrize(
    "parameters, authorization, expected",
    [
        ({"client_id": "app"}, None, Presented("app", None, "none")),
        ({"client_id": "app", "client_secret": "s"}, None, Presented("app", "s", "client_secret_post")),
        ({}, basic("app:s"), Presented("app", "s", "client_secret_basic")),
        ({"client_id": "app"}, basic("app:s", "bAsIc"), Presented("app", "s", "client_secret_basic")),
        ({}, basic("a%3Ab:s%25+x:y"), Presented("a:b", "s% x:y", "client_secret_basic")),
        ({}, basic("app:"), Presented("app", "", "client_secret_basic")),
    ],
)
def test_what_a_request_presents(parameters: dict[str, str], authorization: str | None, expected: Presented) -> None:
    assert rules.presented(parameters, authorization) == expected


@pytest.mark.spec("rfc6749#2.3")
def test_one_method_at_a_time() -> None:
    with pytest.raises(InvalidRequest) as refused:
        rules.presented({"client_secret": "s"}, basic("app:s"))
    assert refused.value.reason == "client.two_methods"
    with pytest.raises(InvalidRequest):
        rules.presented({"client_id": "other"}, basic("app:s"))


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", "Basic", "Basic !!!", basic("no colon"), basic("app:%ff"), "Basic /////w==", basic("a:b") + ", x"],
)
def test_a_malformed_header(authorization: str) -> None:
    with pytest.raises(InvalidClient):
        rules.presented({"client_id": "app"}, authorization)


def test_nothing_presented() -> None:
    with pytest.raises(InvalidClient) as refused:
        rules.presented({"client_secret": "s"}, None)
    assert refused.value.reason == "client.missing"


def why(client: Client | None, shown: Presented) -> str:
    """Why a client is refused, as only the record says it; the error is always the same."""
    outcome = rules.authenticate(client, shown)
    assert isinstance(outcome.error, InvalidClient)
    assert (outcome.error.reason, outcome.error.description) == ("client.refused", "client authentication failed")
    event = outcome.changes[0]
    assert isinstance(event, Event)
    return str(event.data["why"])


def test_the_right_secret_and_a_client_without_one() -> None:
    assert rules.authenticate(CLIENT, Presented("app", SECRET, "client_secret_basic")).reply == CLIENT
    assert rules.authenticate(PUBLIC, Presented("app", None, "none")).reply == PUBLIC


@pytest.mark.spec("rfc6749#3.2.1")
def test_a_wrong_secret() -> None:
    assert why(CLIENT, Presented("app", "wrong", "client_secret_basic")) == "secret"
    assert why(CLIENT, Presented("app", "", "client_secret_basic")) == "secret"
    assert why(replace(CLIENT, secret_digest=None), Presented("app", "", "client_secret_basic")) == "secret"


@pytest.mark.spec("rfc6749#2.3.1")
def test_another_method_than_the_registered() -> None:
    assert why(CLIENT, Presented("app", SECRET, "client_secret_post")) == "method"
    assert why(CLIENT, Presented("app", None, "none")) == "method"
    assert why(PUBLIC, Presented("app", "", "client_secret_post")) == "method"


def test_unknown_and_disabled() -> None:
    assert why(None, Presented("app", "", "client_secret_basic")) == "unknown"
    assert why(None, Presented("app", None, "none")) == "unknown"
    assert why(replace(CLIENT, status="disabled"), Presented("app", SECRET, "client_secret_basic")) == "disabled"
