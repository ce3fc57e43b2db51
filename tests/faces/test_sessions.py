"""A session's cookie works for the app's own pages and for no other's."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from doorward.testing.doors import Doors
from tests.faces.invoices import Built

OWN = "https://app.example.com"
FOREIGN: list[dict[str, str]] = [
    {},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://app.example.com.evil.example"},
    {"Origin": "http://app.example.com"},
    {"Origin": "https://app.example.com:444"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": OWN, "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Referer": OWN},
    {"X-HTTP-Method-Override": "GET"},
]
UNSAFE = ["POST /invoices/7/pay", "POST /orgs/acme/invoices?number=30"]


@pytest.fixture
def cookie(doors: Doors) -> dict[str, str]:
    session = doors.user("owner", role="owner", org="acme", via="session")
    return {"Cookie": session.headers["Cookie"]}


@pytest.mark.parametrize("route", UNSAFE)
def test_a_foreign_page_changes_nothing(built: Built, client: TestClient, cookie: dict[str, str], route: str) -> None:
    method, url = route.split()
    for sent in FOREIGN:
        response = client.request(method, url, headers={**cookie, **sent})
        assert (response.status_code, response.json()["reason"]) == (403, "origin.mismatch"), sent
        assert "www-authenticate" not in response.headers
    assert built.seen == []


@pytest.mark.parametrize("route", UNSAFE)
def test_a_page_of_ours_does(client: TestClient, cookie: dict[str, str], route: str) -> None:
    method, url = route.split()
    for sent in ({"Origin": OWN}, {"Sec-Fetch-Site": "same-origin"}):
        assert client.request(method, url, headers={**cookie, **sent}).status_code in (200, 201)


def test_reading_needs_no_origin(client: TestClient, cookie: dict[str, str]) -> None:
    assert client.get("/invoices/7", headers={**cookie, "Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_foreign_page_opens_no_websocket(client: TestClient, cookie: dict[str, str]) -> None:
    for sent in FOREIGN:
        with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/live/7", headers=cookie | sent):
            pass
        assert closed.value.code == 1008
    with client.websocket_connect("/live/7", headers=cookie | {"Sec-Fetch-Site": "same-origin"}) as socket:
        assert socket.receive_text().startswith("user:")


def test_two_cookies_or_a_dead_one(client: TestClient, cookie: dict[str, str]) -> None:
    twice = cookie["Cookie"] + "; __Host-doorward=planted"
    assert client.get("/me", headers={"Cookie": twice}).status_code == 400
    assert client.get("/me", headers={"Cookie": "__Host-doorward=dead"}).status_code == 401
    assert client.get("/me", headers={"Cookie": cookie["Cookie"].replace("__Host-", "")}).status_code == 401


def test_a_bad_token_beside_a_good_cookie_is_refused(client: TestClient, cookie: dict[str, str]) -> None:
    assert client.get("/me", headers={**cookie, "Authorization": "Bearer nonsense"}).status_code == 401
    assert client.get("/me", headers={**cookie, "Authorization": "Basic YTpi"}).status_code == 200


def test_a_token_in_query_or_form_is_not_read(doors: Doors, client: TestClient) -> None:
    secret = doors.user("owner", role="owner", org="acme").secret
    assert client.get(f"/invoices/7?access_token={secret}").status_code == 401
    assert client.post("/invoices/7/pay", data={"access_token": secret}).status_code == 401


def test_two_authorization_headers(doors: Doors, client: TestClient) -> None:
    secret = doors.user("owner", role="owner", org="acme").secret
    lines = [("Authorization", f"Bearer {secret}"), ("Authorization", f"Bearer {secret}")]
    assert client.get("/me", headers=lines).status_code == 400
