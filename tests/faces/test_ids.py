"""An id is decided on as the handler gets it, and only in its own spelling: nothing else walks round an exclusion."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from doorward.testing.doors import Doors
from tests.faces.invoices import Built

SPELLINGS = ["007", "+7", "%207", "7%20", "%2B7", "7.0", "7e0", "0x7", "%EF%BC%97", "7%00", "7%0A", "1_0", "abc"]
ROUTES = [
    "/invoices/{}",
    "/deep/invoices/{}/lines",
    "/again/{}/lines",
    "/convertor/{}",
    "/query?invoice_id={}",
    "/orgs/acme/invoices/{}",
    "/sub/acme/invoices/{}",
]


@pytest.mark.parametrize("route", ROUTES)
def test_a_strange_spelling_is_not_there_even_for_who_may_all(doors: Doors, client: TestClient, route: str) -> None:
    owner = doors.user("owner", role="owner")
    assert client.get(route.format("7"), auth=owner).status_code == 200
    assert client.get(route.format("%37"), auth=owner).status_code == 200, "percent-encoding is the same path"
    got = {spelling: client.get(route.format(spelling), auth=owner).status_code for spelling in SPELLINGS}
    assert got == dict.fromkeys(SPELLINGS, 404)


def test_an_id_taken_as_text_is_decided_on_as_text(doors: Doors, client: TestClient) -> None:
    holder = doors.user("holder", role="owner", on=("invoice", 7))
    assert client.get("/undeclared/7", auth=holder).status_code == 200
    assert {client.get(f"/undeclared/{spelling}", auth=holder).status_code for spelling in SPELLINGS} <= {403, 404}


def test_the_handler_never_ran_for_a_strange_spelling(built: Built, doors: Doors, client: TestClient) -> None:
    owner = doors.user("owner", role="owner")
    for spelling in SPELLINGS:
        client.get(f"/invoices/{spelling}", auth=owner)
        client.post(f"/invoices/{spelling}/pay", auth=owner)
    assert built.seen == []


def test_an_id_given_twice_is_none(doors: Doors, client: TestClient) -> None:
    owner = doors.user("owner", role="owner")
    for query in ("invoice_id=7&invoice_id=8", "invoice_id=8&invoice_id=7", "invoice_id=7&invoice_id=7", "", "x=7"):
        assert client.get(f"/query?{query}", auth=owner).status_code == 404


def test_a_uuid_has_one_spelling(doors: Doors, client: TestClient) -> None:
    owner = doors.user("owner", role="owner")
    plain = "0e984725-c51c-4bf4-9960-e1c80e27aba0"
    assert client.get(f"/reports/{plain}", auth=owner).status_code == 200
    for other in (plain.upper(), plain.replace("-", ""), f"urn:uuid:{plain}", f"{{{plain}}}"):
        assert client.get(f"/reports/{other}", auth=owner).status_code == 404


def test_a_hidden_object_and_a_missing_one_look_the_same(doors: Doors, client: TestClient) -> None:
    clerk, auditor = doors.user("clerk", role="clerk", org="acme"), doors.user("auditor", role="clerk")
    foreign, missing = client.get("/invoices/8", auth=clerk), client.get("/invoices/123456", auth=clerk)
    truly_missing, nowhere = client.get("/invoices/100", auth=auditor), client.get("/nothing", auth=clerk)
    odd = client.get("/invoices/007", auth=clerk)
    answers = [(one.status_code, one.content, sorted(one.headers.items())) for one in (
        foreign, missing, truly_missing, nowhere, odd)]  # fmt: skip
    assert answers == [answers[0]] * 5


_SEGMENT = st.one_of(
    st.text("0123456789+- ._\t\n\r\x00\u0660\u0967\uff17%/\\eExX", max_size=8),
    st.integers(-1000, 1000).map(str),
    st.text(max_size=6),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(segment=_SEGMENT)
def test_whatever_reaches_the_handler_was_spelled_so(
    built: Built, doors: Doors, client: TestClient, segment: str
) -> None:
    owner = doors.user("owner", role="owner", via="api_key") if not built.people else built.people[0]
    built.people[:] = [owner]
    built.seen.clear()
    client.get("/invoices/" + quote(segment, safe="", errors="surrogatepass"), auth=owner, follow_redirects=False)
    assert [str(value) for value in built.seen] in ([], [segment])
