"""Who is let in where: every kind of caller at every kind of door, with a token, an API key and a session."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from doorward.testing.doors import Doors, Via
from doorward.testing.personas import Persona

# The route, and what a clerk of Acme, an owner of Acme, an owner of Globex, a clerk everywhere and a stranger get.
EXPECTED = {
    "GET /healthz": (200, 200, 200, 200, 200),
    "GET /me": (200, 200, 200, 200, 200),
    "GET /invoices": (403, 403, 403, 200, 403),
    "GET /invoices/7": (200, 200, 404, 200, 404),
    "GET /invoices/8": (404, 404, 200, 200, 404),
    "GET /invoices/9": (404, 404, 404, 200, 404),
    "POST /invoices/7/pay": (403, 200, 403, 403, 403),
    "POST /invoices/8/pay": (403, 403, 200, 403, 403),
    "POST /invoices/9/pay": (403, 403, 403, 403, 403),
    "GET /orgs/acme/invoices/7": (200, 200, 403, 200, 403),
    "GET /orgs/globex/invoices/7": (404, 404, 404, 404, 404),
    "GET /orgs/acme/invoices/8": (404, 404, 404, 404, 404),
    "GET /orgs/acme/invoices/9": (404, 404, 404, 404, 404),
    "GET /orgs/none/invoices/7": (404, 404, 404, 404, 404),
    "POST /orgs/acme/invoices?number=20": (403, 201, 403, 403, 403),
    "POST /orgs/globex/invoices?number=21": (403, 403, 201, 403, 403),
    "POST /orgs/none/invoices?number=22": (403, 403, 403, 403, 403),
    "GET /convertor/7": (200, 200, 403, 200, 403),
    "GET /undeclared/7": (200, 200, 403, 200, 403),
    "GET /query?invoice_id=7": (200, 200, 403, 200, 403),
    "GET /deep/invoices/7/lines": (200, 200, 403, 200, 403),
    "GET /deep/invoices/8/lines": (403, 403, 200, 200, 403),
    "GET /again/7/lines": (200, 200, 403, 200, 403),
    "GET /sub/acme/invoices/7": (200, 200, 403, 200, 403),
    "GET /sub/acme/about": (200, 200, 403, 200, 403),
    "GET /sub/globex/about": (403, 403, 200, 200, 403),
}


def people(doors: Doors, via: Via) -> tuple[Persona, ...]:
    return (
        doors.user("clerk", role="clerk", org="acme", via=via),
        doors.user("owner", role="owner", org="acme", via=via),
        doors.user("other", role="owner", org="globex", via=via),
        doors.user("auditor", role="clerk", via=via),
        doors.user("stranger", via=via),
    )


@pytest.mark.parametrize("via", ["token", "api_key", "session"])
def test_role_by_route(doors: Doors, client: TestClient, via: Via) -> None:
    callers = people(doors, via)
    got = {}
    for route in EXPECTED:
        method, url = route.split()
        got[route] = tuple(client.request(method, url, auth=who).status_code for who in callers)
    assert got == EXPECTED


@pytest.mark.parametrize("route", [route for route in EXPECTED if route != "GET /healthz"])
def test_nobody_gets_in_without_a_credential(client: TestClient, route: str) -> None:
    method, url = route.split()
    response = client.request(method, url)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="https://api.example.com"'
    assert response.json()["reason"] == "credential.missing"


def test_a_key_never_gives_more_than_its_owner_or_itself(doors: Doors, client: TestClient) -> None:
    clerk = doors.user("clerk", role="clerk", org="acme", via="api_key", scope=["invoice:pay", "invoice:read"])
    assert client.post("/invoices/7/pay", auth=clerk).json()["reason"] == "role.missing"
    owner = doors.user("owner", role="owner", org="acme", via="api_key", scope=["invoice:read"])
    response = client.post("/invoices/7/pay", auth=owner)
    assert (response.status_code, response.json()["reason"]) == (403, "scope.missing")
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    assert 'scope="invoice:pay"' in response.headers["www-authenticate"]


def test_a_narrow_token_is_told_so_for_every_object_alike(doors: Doors, client: TestClient) -> None:
    narrow = doors.user("owner", role="owner", org="acme", scope=["invoice:pay"])
    answers = [client.get(f"/invoices/{number}", auth=narrow) for number in (7, 8, 9)]
    assert {(answer.status_code, answer.json()["reason"]) for answer in answers} == {(403, "scope.missing")}


def test_what_ends_a_credential_ends_it_at_the_next_request(doors: Doors, client: TestClient) -> None:
    for via in ("token", "api_key", "session"):
        who = doors.user(f"ann-{via}", role="owner", org="acme", via=via)  # type: ignore[arg-type]  # each a Via
        assert client.get("/invoices/7", auth=who).status_code == 200
        doors.unassign(who, "owner", org="acme")
        assert client.get("/invoices/7", auth=who).status_code == 404
        assert client.get("/me", auth=who).status_code == 200
        doors.disable(who)
        assert client.get("/me", auth=who).status_code == 401


def test_an_expired_token_is_refused(doors: Doors, client: TestClient) -> None:
    who = doors.user("ann", role="owner", org="acme")
    assert client.get("/invoices/7", auth=who).status_code == 200
    doors.clock.advance(601)
    response = client.get("/invoices/7", auth=who)
    assert (response.status_code, response.json()["reason"]) == (401, "token.expired")
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
