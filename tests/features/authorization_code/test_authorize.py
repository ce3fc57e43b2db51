"""The authorization endpoint over HTTP: pages, redirects, consent, and what a browser is sent to do."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.outcome import keep
from doorward.core.table import Put
from doorward.domain.clients.flow import register, update
from doorward.domain.consents.reads import consent
from doorward.domain.lifecycle.flow import disable_client
from doorward.domain.roles.records import RESOURCE_SERVERS, ResourceServer
from doorward.features.authorization_code.records import AUTHORIZATION_CODES
from doorward.testing import FakeClock
from tests.oauth import CALLBACK, PERMISSIONS, RESOURCE, Party, answered, asking, opened, party

pytestmark = pytest.mark.anyio


def sent_to_sign_in(location: str) -> dict[str, str]:
    """The query of the sign-in page's address."""
    parts = urlsplit(location)
    assert parts.path == "/login"
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


async def test_consent_code_state_and_issuer(ann: Party) -> None:
    page = await ann.get(asking(ann.client))
    assert page.status_code == 200
    assert "Books" in page.text
    assert "Ann Lee" in page.text
    assert "app.example.com" in page.text
    assert "form-action 'self' https://app.example.com;" in page.headers["content-security-policy"]
    answer = await ann.decide(page)
    assert answer.headers["location"].startswith(CALLBACK + "?code=")
    given = answered(answer)
    assert (given["state"], given["iss"]) == ("st-1", ann.world.settings.public_url)
    assert "no-store" in answer.headers["cache-control"]
    codes = await ann.world.storage.page(AUTHORIZATION_CODES)
    assert len(codes) == 1
    assert given["code"] not in repr(codes)


async def test_consent_is_remembered_for_these_scopes_and_no_more(ann: Party) -> None:
    await ann.decide(await ann.get(asking(ann.client)))
    assert (await ann.get(asking(ann.client))).status_code == 303
    assert (await ann.get(asking(ann.client, scope="openid"))).status_code == 303
    assert (await ann.get(asking(ann.client, scope="openid invoice:pay"))).status_code == 200
    assert (await ann.get(asking(ann.client, prompt="consent"))).status_code == 200
    given = await consent(ann.world, ann.user.id, ann.client.client_id)
    assert given is not None
    assert given.scope == ("openid", "profile", "invoice:read")


async def test_yes_twice_at_once(ann: Party) -> None:
    page = await ann.get(asking(ann.client))
    answers = await asyncio.gather(*(ann.decide(page) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [303] * 4
    assert len({answered(answer)["code"] for answer in answers}) == 4


async def test_no_means_no(ann: Party) -> None:
    answer = answered(await ann.decide(await ann.get(asking(ann.client)), "deny"))
    assert (answer["error"], answer["state"]) == ("access_denied", "st-1")
    assert await consent(ann.world, ann.user.id, ann.client.client_id) is None
    events = await ann.world.storage.page(AUDIT_EVENTS, {"action": "authorization.deny"})
    assert [event.actor for event in events] == [f"user:{ann.user.id}"]


async def test_neither_button_asks_again(ann: Party) -> None:
    assert (await ann.decide(await ann.get(asking(ann.client)), "perhaps")).status_code == 200


async def test_consent_needs_the_forms_own_token(ann: Party) -> None:
    url = f"/oauth2/consent?{urlencode(asking(ann.client))}"
    for data in ({"decision": "allow"}, {"decision": "allow", "form_token": "x"}):
        response = await ann.http.post(url, data=data, headers={"cookie": ann.cookie})
        assert response.status_code == 403
    assert await ann.world.storage.page(AUTHORIZATION_CODES) == []


async def test_the_consent_answer_looks_at_the_whole_request_again(ann: Party) -> None:
    page = await ann.get(asking(ann.client))
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    sent = {"data": {"form_token": token, "decision": "allow"}, "headers": {"cookie": ann.cookie}}
    evil = asking(ann.client, redirect_uri="https://evil.example/cb")
    assert (await ann.http.post(f"/oauth2/consent?{urlencode(evil)}", **sent)).status_code == 400  # type: ignore[arg-type]  # a test's own words
    plain = asking(ann.client, code_challenge_method="plain")
    refused = await ann.http.post(f"/oauth2/consent?{urlencode(plain)}", **sent)  # type: ignore[arg-type]  # a test's own words
    assert answered(refused)["error"] == "invalid_request"
    await disable_client(ann.world, ann.client)
    late = await ann.http.post(f"/oauth2/consent?{urlencode(asking(ann.client))}", **sent)  # type: ignore[arg-type]  # a test's own words
    assert late.status_code == 400
    assert await ann.world.storage.page(AUTHORIZATION_CODES) == []


async def test_what_is_added_while_one_reads_is_not_allowed(ann: Party) -> None:
    page = await ann.get(asking(ann.client, scope=None))
    assert "invoice:erase" not in page.text
    more = ResourceServer(RESOURCE, "Invoices", (*PERMISSIONS, "invoice:erase"))
    await ann.world.commit(keep(None, Put(RESOURCE_SERVERS, more)))
    again = await ann.decide(page)
    assert again.status_code == 200
    assert "invoice:erase" in again.text
    assert await ann.world.storage.page(AUTHORIZATION_CODES) == []
    assert "code" in answered(await ann.decide(again))


async def test_our_own_client_asks_nothing(ann: Party) -> None:
    await update(ann.world, ann.client.client_id, first_party=True)
    assert "code" in answered(await ann.get(asking(ann.client)))


@pytest.mark.parametrize("first_party", [False, True])
async def test_a_program_on_the_own_machine_always_asks(tmp_path: object, clock: FakeClock, first_party: bool) -> None:
    uri = "http://127.0.0.1/cb"
    settings = {"redirect_uris": (uri,), "token_endpoint_auth_method": "none", "first_party": first_party}
    async with opened(tmp_path / "doorward.db", clock) as world, party(world, **settings) as ann:  # type: ignore[operator]  # a Path
        for port in (4000, 5000):
            page = await ann.get(asking(ann.client, redirect_uri=f"http://127.0.0.1:{port}/cb"))
            assert page.status_code == 200
            answer = await ann.decide(page)
            assert answer.headers["location"].startswith(f"http://127.0.0.1:{port}/cb?code=")
        quiet = await ann.get(asking(ann.client, redirect_uri="http://127.0.0.1:4000/cb", prompt="none"))
        assert answered(quiet)["error"] == "consent_required"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"redirect_uri": None},
        {"redirect_uri": "https://app.example.com/callback/"},
        {"redirect_uri": "https://evil.example/"},
    ],
)
async def test_without_trust_an_error_is_a_page(ann: Party, changes: dict[str, str | None]) -> None:
    for more in ({}, {"response_type": "token"}, {"prompt": "none"}, {"request": "x"}):
        response = await ann.get(asking(ann.client, **changes, **more))
        assert response.status_code == 400
        assert "location" not in response.headers
        assert "refresh" not in response.headers
        assert "evil.example" not in response.text


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_given_twice_there_is_no_trust(ann: Party, name: str) -> None:
    query = urlencode(asking(ann.client)) + f"&{name}=" + asking(ann.client)[name]
    assert (await ann.get(f"/oauth2/authorize?{query}")).status_code == 400


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "report:read"}, "invalid_scope"),
        ({"scope": "a  b"}, "invalid_scope"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"request": "x"}, "request_not_supported"),
        ({"request_uri": "https://app.example.com/r"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
    ],
)
async def test_with_trust_an_error_is_told_to_the_client(
    ann: Party, changes: dict[str, str | None], error: str
) -> None:
    answer = answered(await ann.get(asking(ann.client, **changes)))
    assert (answer["error"], answer["state"]) == (error, "st-1")
    assert answer["iss"] == ann.world.settings.public_url
    assert "code" not in answer


async def test_a_parameter_given_twice_is_told_without_it(ann: Party) -> None:
    answer = answered(await ann.get(f"/oauth2/authorize?{urlencode(asking(ann.client))}&state=st-2"))
    assert answer["error"] == "invalid_request"
    assert "state" not in answer


async def test_nobody_signed_in(ann: Party) -> None:
    ann.cookie = ""
    assert answered(await ann.get(asking(ann.client, prompt="none")))["error"] == "login_required"
    query = sent_to_sign_in((await ann.get(asking(ann.client, login_hint="ann"))).headers["location"])
    assert query["login_hint"] == "ann"
    assert "reauth" not in query
    assert query["next"].startswith("/oauth2/authorize?")
    await ann.sign_in()
    assert (await ann.get(query["next"])).status_code == 200


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"prompt": "select_account"}, {"max_age": "0"}])
async def test_a_fresh_sign_in_is_asked_once(ann: Party, clock: FakeClock, changes: dict[str, str]) -> None:
    await update(ann.world, ann.client.client_id, first_party=True)
    clock.advance(5)
    query = sent_to_sign_in((await ann.get(asking(ann.client, **changes))).headers["location"])
    assert query["reauth"] == "1"
    again = sent_to_sign_in((await ann.get(query["next"])).headers["location"])
    assert again["reauth"] == "1"
    clock.advance(5)
    await ann.sign_in()
    onward = await ann.get(query["next"])
    assert onward.headers["location"].startswith(f"{CALLBACK}?code=")
    assert "code" in answered(onward)
    assert (await ann.get(asking(ann.client, **changes))).headers["location"].startswith("/login?")


async def test_a_fresh_sign_in_holds_through_consent(ann: Party, clock: FakeClock) -> None:
    clock.advance(5)
    query = sent_to_sign_in((await ann.get(asking(ann.client, prompt="login"))).headers["location"])
    await ann.sign_in()
    assert "code" in answered(await ann.decide(await ann.get(query["next"])))


async def test_the_seal_fits_one_request_for_an_hour(ann: Party, clock: FakeClock) -> None:
    await update(ann.world, ann.client.client_id, first_party=True)
    clock.advance(5)
    seal = parse_qs(
        urlsplit(sent_to_sign_in((await ann.get(asking(ann.client, prompt="login"))).headers["location"])["next"]).query
    )["dw_since"][0]
    await ann.sign_in()
    for forged in (
        asking(ann.client, prompt="login", dw_since=seal, state="other"),
        asking(ann.client, prompt="login", dw_since="0" + seal),
        asking(ann.client, prompt="login", dw_since=f"0.{seal.partition('.')[2]}"),
        asking(ann.client, prompt="login", dw_since="x.y"),
    ):
        assert (await ann.get(forged)).headers["location"].startswith("/login?")
    assert "code" in answered(await ann.get(asking(ann.client, prompt="login", dw_since=seal)))
    clock.advance(3600)
    assert (await ann.get(asking(ann.client, prompt="login", dw_since=seal))).headers["location"].startswith("/login?")


async def test_prompt_none(ann: Party, clock: FakeClock) -> None:
    assert answered(await ann.get(asking(ann.client, prompt="none")))["error"] == "consent_required"
    await ann.decide(await ann.get(asking(ann.client)))
    assert "code" in answered(await ann.get(asking(ann.client, prompt="none")))
    clock.advance(61)
    assert answered(await ann.get(asking(ann.client, prompt="none", max_age="60")))["error"] == "login_required"
    assert "code" in answered(await ann.get(asking(ann.client, prompt="none", max_age="61")))


async def test_another_site_may_post_and_is_sent_to_get(ann: Party) -> None:
    response = await ann.http.post(
        "/oauth2/authorize", data=asking(ann.client), headers={"origin": "https://x.example"}
    )
    assert response.status_code == 303
    assert (await ann.get(response.headers["location"])).status_code == 200
    long = await ann.http.post("/oauth2/authorize", data=asking(ann.client, state="x" * 6000))
    assert long.status_code == 400
    assert (await ann.http.post("/oauth2/authorize", json={})).status_code == 400


async def test_too_long_or_malformed_is_a_page(ann: Party) -> None:
    assert (await ann.get(asking(ann.client, state="x" * 6000))).status_code == 400
    assert (await ann.get(f"/oauth2/authorize?{urlencode(asking(ann.client))}&x=%ff")).status_code == 400


async def test_the_default_resource_and_the_asked_one(ann: Party) -> None:
    await ann.code(resource=RESOURCE)
    await ann.code()
    codes = await ann.world.storage.page(AUTHORIZATION_CODES)
    assert {code.resource for code in codes} == {RESOURCE}


async def test_two_clients_do_not_share_a_consent(ann: Party) -> None:
    await ann.decide(await ann.get(asking(ann.client)))
    other, _ = await register(ann.world, client_name="Other", redirect_uris=(CALLBACK,))
    assert (await ann.get(asking(other))).status_code == 200
