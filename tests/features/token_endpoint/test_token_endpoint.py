"""The token endpoint: what it refuses before any grant is asked, and how it says so."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import InvalidRequest, UnauthorizedClient, UnsupportedGrantType
from doorward.core.oauth.client import Client
from doorward.core.settings import Settings
from doorward.features.token_endpoint import metadata, rules
from tests.oauth import CALLBACK, VERIFIER, Party, basic, house

URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


def test_the_grant_asked_for() -> None:
    assert rules.grant_type({"grant_type": "b"}, ("a", "b")) == "b"
    with pytest.raises(InvalidRequest):
        rules.grant_type({}, ("a",))
    with pytest.raises(UnsupportedGrantType) as refused:
        rules.grant_type({"grant_type": "password"}, ("b", "a"))
    assert refused.value.hint == "one of a, b"


@pytest.mark.spec("rfc6749#5.2")
def test_only_a_grant_that_the_client_is_registered_for() -> None:
    rules.permit(Client("app", "App", grant_types=("a",)), "a")
    with pytest.raises(UnauthorizedClient):
        rules.permit(Client("app", "App", grant_types=("a",)), "b")


def test_discovery_says_what_is_built() -> None:
    said = metadata(Settings(public_url="https://auth.example.com"), house())
    assert said["token_endpoint"] == "https://auth.example.com/oauth2/token"
    assert said["grant_types_supported"] == ["authorization_code", "client_credentials"]


async def refusals(ann: Party) -> list[tuple[str, str]]:
    events = await ann.world.storage.page(AUDIT_EVENTS)
    return [(event.action, event.reason) for event in events if event.outcome == "refused"]


@pytest.mark.anyio
@pytest.mark.parametrize("grant, error", [(None, "invalid_request"), ("password", "unsupported_grant_type")])
async def test_other_grants(ann: Party, grant: str | None, error: str) -> None:
    response = await ann.token(grant_type=grant)
    assert (response.status_code, response.json()["error"]) == (400, error)
    assert len(await refusals(ann)) == 1


@pytest.mark.anyio
async def test_a_grant_the_client_is_not_registered_for(ann: Party) -> None:
    response = await ann.token(grant_type="client_credentials")
    assert (response.status_code, response.json()["error"]) == (400, "unauthorized_client")
    assert await refusals(ann) == [("token.refuse", "client.grant")]


@pytest.mark.anyio
@pytest.mark.spec("rfc6749#5.1")
async def test_answers_are_never_kept(ann: Party) -> None:
    good = await ann.token(code=await ann.code())
    bad = await ann.token(code="dwac_x")
    for response in (good, bad):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["pragma"] == "no-cache"
        assert response.headers["content-type"] == "application/json"


@pytest.mark.anyio
async def test_client_authentication_that_fails(ann: Party) -> None:
    assert ann.secret is not None
    tries = [
        basic(ann.client, "wrong"),
        {"authorization": "Bearer x"},
        {"authorization": ""},
    ]
    for headers in tries:
        response = await ann.token(code="x", headers=headers)
        assert response.status_code == 401
        assert response.json()["error"] == "invalid_client"
        assert response.headers["www-authenticate"].startswith("Basic ")
    assert len(await refusals(ann)) == len(tries)


@pytest.mark.anyio
async def test_unknown_client_and_wrong_secret_look_the_same(ann: Party) -> None:
    wrong = await ann.token(code="x", headers=basic(ann.client, "wrong"))
    unknown = await ann.token(code="x", headers=basic(Client("nobody", "Nobody"), "wrong"))
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    differing = {"x-request-id"}
    assert {k: v for k, v in wrong.headers.items() if k not in differing} == {
        k: v for k, v in unknown.headers.items() if k not in differing
    }


@pytest.mark.anyio
async def test_two_ways_of_authentication_at_once(ann: Party) -> None:
    response = await ann.token(code="x", client_secret="s")
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


@pytest.mark.anyio
async def test_two_authorization_headers_are_none(ann: Party) -> None:
    assert ann.secret is not None
    one = basic(ann.client, ann.secret)["authorization"]
    response = await ann.http.post(
        "/oauth2/token",
        content=urlencode({"grant_type": "authorization_code", "code": "x"}),
        headers=[("authorization", one), ("authorization", one), *URLENCODED.items()],
    )
    assert response.status_code == 401


@pytest.mark.anyio
@pytest.mark.parametrize(
    "body, headers, error",
    [
        ("grant_type=a&grant_type=a", URLENCODED, "invalid_request"),
        ("grant_type=a&resource=b&resource=c", URLENCODED, "invalid_target"),
        ('{"grant_type":"a"}', {"content-type": "application/json"}, "invalid_request"),
        ("grant_type=%ff", URLENCODED, "invalid_request"),
        ("", URLENCODED, "invalid_client"),
    ],
)
async def test_a_body_that_is_no_form(ann: Party, body: str, headers: dict[str, str], error: str) -> None:
    response = await ann.http.post("/oauth2/token", content=body, headers=headers)
    assert response.json()["error"] == error
    assert len(await refusals(ann)) == 1


@pytest.mark.anyio
async def test_parameters_in_the_query_do_not_count(ann: Party) -> None:
    query = urlencode({"grant_type": "authorization_code", "code": await ann.code(), "code_verifier": VERIFIER})
    response = await ann.http.post(f"/oauth2/token?{query}&redirect_uri={CALLBACK}", headers=URLENCODED)
    assert response.json()["error"] == "invalid_client"


@pytest.mark.anyio
async def test_the_session_cookie_is_no_authentication(ann: Party) -> None:
    response = await ann.http.post(
        "/oauth2/token", content="grant_type=authorization_code", headers={**URLENCODED, "cookie": ann.cookie}
    )
    assert response.status_code == 401
