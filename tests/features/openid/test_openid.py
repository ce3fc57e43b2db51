"""OpenID Connect: prompts, freshness, and userinfo."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from doorward.core.errors import InsufficientScope, InvalidRequest, LoginRequired, Unauthenticated
from doorward.core.instant import Instant
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import Person, Received, Standing, Trusted, Valid, trust
from doorward.core.oauth.stages import Need, Stage, Step, validate
from doorward.core.settings import Settings
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.records import User
from doorward.domain.lifecycle.flow import disable_user
from doorward.domain.tokens.flow import id_token
from doorward.features.openid import metadata, rules, steps
from doorward.features.openid.routes import bearer
from doorward.testing import FakeClock
from tests.oauth import Party, answered, asking, house

CLIENT = Client("app", "App", redirect_uris=("https://app.example.com/cb",))
SECOND = 1_000_000
ANN = Person("usr_1", "ses_1", Instant(100 * SECOND), "pwd")
HERE = Standing(ANN, Instant(160 * SECOND))
BEFORE, AFTER = Instant(99 * SECOND), Instant(101 * SECOND)


def asked(**changes: str) -> Trusted:
    parameters = {"client_id": "app", "redirect_uri": "https://app.example.com/cb", **changes}
    return trust(Received(parameters, CLIENT, "https://issuer"))


def valid(**changes: str) -> Valid:
    return validate([Step("x", Stage.VALID, "here", authorize=steps.known_prompt)], asked(**changes))


def test_prompts_that_are_known() -> None:
    for prompt in ("none", "login consent", "select_account", ""):
        steps.known_prompt(asked(prompt=prompt))
    with pytest.raises(InvalidRequest) as refused:
        steps.known_prompt(asked(prompt="login create"))
    assert refused.value.reason == "prompt.unknown"


@pytest.mark.spec("oidc-core#3.1.2.1-alone")
def test_none_is_alone() -> None:
    with pytest.raises(InvalidRequest) as refused:
        steps.known_prompt(asked(prompt="login none"))
    assert refused.value.reason == "prompt.none"


@pytest.mark.spec("oidc-core#3.1.2.1-login")
@pytest.mark.parametrize("prompt", ["login", "select_account", "consent login"])
def test_login_asks_for_a_sign_in_of_this_request(prompt: str) -> None:
    assert steps.reauthentication(valid(prompt=prompt), HERE) is Need.SIGN_IN
    assert steps.reauthentication(valid(prompt=prompt), replace(HERE, since=AFTER)) is Need.SIGN_IN
    assert steps.reauthentication(valid(prompt=prompt), replace(HERE, since=BEFORE)) is None
    assert steps.reauthentication(valid(prompt=prompt), Standing(None, Instant(0), since=BEFORE)) is Need.SIGN_IN


def test_other_prompts_do_not() -> None:
    assert steps.reauthentication(valid(), HERE) is None
    assert steps.reauthentication(valid(prompt="consent"), HERE) is None


@pytest.mark.spec("oidc-core#3.1.2.1-max-age")
def test_max_age() -> None:
    assert steps.max_age(valid(max_age="59"), HERE) is Need.SIGN_IN
    assert steps.max_age(valid(max_age="60"), HERE) is None
    assert steps.max_age(valid(max_age="0"), replace(HERE, now=ANN.auth_time)) is Need.SIGN_IN
    assert steps.max_age(valid(max_age="0"), replace(HERE, since=BEFORE)) is None
    assert steps.max_age(valid(max_age="59"), replace(HERE, since=AFTER)) is Need.SIGN_IN
    assert steps.max_age(valid(max_age="0"), Standing(None, Instant(0))) is None
    assert steps.max_age(valid(), HERE) is None


@pytest.mark.spec("oidc-core#3.1.2.2-hint")
def test_nobody_else_than_the_person_of_the_hint() -> None:
    assert steps.same_person(valid(), HERE) is None
    assert steps.same_person(valid(), replace(HERE, meant="usr_1")) is None
    assert steps.same_person(valid(), Standing(None, Instant(0), meant="usr_1")) is None
    assert steps.same_person(valid(), replace(HERE, meant="usr_2")) is Need.SIGN_IN
    assert steps.same_person(valid(), replace(HERE, meant="usr_2", since=AFTER)) is Need.SIGN_IN
    with pytest.raises(LoginRequired) as refused:
        steps.same_person(valid(), replace(HERE, meant="usr_2", since=BEFORE))
    assert refused.value.reason == "hint.person"


ALL = User("usr_1", "ann", "ann", name="Ann Lee", email="ann@example.com", email_verified=True)


def test_claims_by_scope() -> None:
    assert rules.userinfo(ALL, {"openid"}) == {"sub": "usr_1"}
    assert rules.userinfo(ALL, {"openid", "profile"}) == {
        "sub": "usr_1",
        "name": "Ann Lee",
        "preferred_username": "ann",
    }
    assert rules.userinfo(ALL, {"openid", "email"}) == {
        "sub": "usr_1",
        "email": "ann@example.com",
        "email_verified": True,
    }
    bare = User("usr_1", "ann", "ann")
    assert rules.userinfo(bare, {"openid", "profile", "email"}) == {"sub": "usr_1", "preferred_username": "ann"}


@pytest.mark.spec("oidc-core#5.3")
def test_a_token_for_an_api_is_no_licence() -> None:
    with pytest.raises(InsufficientScope):
        rules.userinfo(ALL, {"profile", "email", "invoice:read"})


@pytest.mark.parametrize("headers", [[], ["Basic x"], ["Bearer"], ["Bearer  "], ["Bearer a", "Bearer b"]])
def test_no_token_in_the_header(headers: list[str]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        bearer(headers)
    assert refused.value.reason == "credential.missing"


def test_the_token_in_the_header() -> None:
    assert bearer(["bearer abc"]) == "abc"


def test_discovery() -> None:
    said = metadata(Settings(public_url="https://auth.example.com"), house())
    assert said["scopes_supported"] == ["openid", "profile", "email"]
    assert "offline_access" not in said["scopes_supported"]


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_userinfo_over_http(ann: Party, method: str) -> None:
    body = (await ann.token(code=await ann.code(scope="openid email invoice:read"))).json()
    headers = {"authorization": f"Bearer {body['access_token']}"}
    response = await ann.http.request(method, "/oauth2/userinfo", headers=headers)
    assert response.status_code == 200
    assert response.json() == {"sub": ann.user.id, "email": "ann@example.com", "email_verified": False}
    assert response.headers["cache-control"] == "no-store"
    await disable_user(ann.world, ann.user)
    ended = await ann.http.request(method, "/oauth2/userinfo", headers=headers)
    assert ended.status_code == 401
    assert 'error="invalid_token"' in ended.headers["www-authenticate"]


@pytest.mark.anyio
async def test_who_may_not_ask(ann: Party) -> None:
    nothing = await ann.http.get("/oauth2/userinfo")
    assert nothing.status_code == 401
    assert nothing.headers["www-authenticate"].startswith("Bearer ")
    assert "error=" not in nothing.headers["www-authenticate"]
    assert (await ann.http.get("/oauth2/userinfo", headers={"cookie": ann.cookie})).status_code == 401
    assert (await ann.http.get("/oauth2/userinfo", headers={"authorization": "Bearer x.y.z"})).status_code == 401
    body = (await ann.token(code=await ann.code(scope="invoice:read"))).json()
    other = await ann.http.get("/oauth2/userinfo", headers={"authorization": f"Bearer {body['access_token']}"})
    assert other.status_code in (401, 403)
    query = await ann.http.get(f"/oauth2/userinfo?access_token={body['access_token']}")
    assert query.status_code == 401


@pytest.mark.anyio
@pytest.mark.spec("oidc-core#3.1.2.2-hint")
async def test_the_hint_over_http(ann: Party, clock: FakeClock) -> None:
    token = (await ann.token(code=await ann.code())).json()["id_token"]
    assert "code" in answered(await ann.get(asking(ann.client, prompt="none", id_token_hint=token)))
    clock.advance(ann.world.settings.id_token_lifetime + 1)  # an expired one says whom as well
    assert "code" in answered(await ann.get(asking(ann.client, prompt="none", id_token_hint=token)))
    ben = await create_user(ann.world, username="ben")
    other = await id_token(ann.world, subject=ben.id, client_id=ann.client.client_id)
    assert answered(await ann.get(asking(ann.client, prompt="none", id_token_hint=other)))["error"] == "login_required"
    location = (await ann.get(asking(ann.client, id_token_hint=other))).headers["location"]
    back = parse_qs(urlsplit(location).query)
    assert back["reauth"] == ["1"]
    clock.advance(5)
    await ann.sign_in()  # as herself again
    assert answered(await ann.get(back["next"][0]))["error"] == "login_required"
    ann.user = ben
    await ann.sign_in()
    assert "code" in answered(await ann.decide(await ann.get(back["next"][0])))


@pytest.mark.anyio
async def test_a_hint_that_is_none_of_ours_for_this_client(ann: Party) -> None:
    elsewhere = await id_token(ann.world, subject=ann.user.id, client_id="other")
    access = (await ann.token(code=await ann.code())).json()["access_token"]
    for wrong in (elsewhere, access, "x", "a.b.c"):
        answer = answered(await ann.get(asking(ann.client, id_token_hint=wrong)))
        assert (answer["error"], answer["state"]) == ("invalid_request", "st-1")
