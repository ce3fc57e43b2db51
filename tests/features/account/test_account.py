"""One's own account: what is shown, what ends, and nothing of anybody else's."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from doorward.core.instant import after
from doorward.core.oauth.client import Client
from doorward.core.outcome import keep
from doorward.core.secret import well_formed
from doorward.core.table import Put
from doorward.domain.accounts.records import User
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.api_keys.records import API_KEYS, ApiKey
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.records import CONSENTS, Consent
from doorward.domain.credentials.flow import enrol
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.tokens.records import FAMILIES, Family
from doorward.features import account
from doorward.features.account import flow as account_flow
from doorward.ports import World
from tests.web.browser import Browser, app_of, form_in

pytestmark = pytest.mark.anyio
PASSPHRASE = "a quiet walk by the river"
OTHER = "another walk along the coast"


async def signed_in(world: World, username: str) -> tuple[Browser, Session]:
    session, secret = await lifecycle.sign_in(world, username, PASSPHRASE)
    browser = Browser(app_of(world, account.FEATURE))
    browser.client.cookies.set("__Host-doorward", secret, domain="auth.example.com", path="/")
    return browser, session


@pytest.fixture
async def ann(world: World) -> User:
    return await enrol(world, username="ann", password=PASSPHRASE, name="Ann")


@pytest.fixture
async def bob(world: World) -> User:
    return await enrol(world, username="bob", password=PASSPHRASE)


async def family(world: World, user: User, client: str, session: str | None = None) -> Family:
    now = world.clock.now()
    made = Family(world.new_id("fam"), user.id, client, ("openid",), "x", now, after(now, 3600), session)  # type: ignore[arg-type]  # a length
    await world.commit(keep(None, Put(FAMILIES, made)))
    return made


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/api-keys"])
async def test_who_is_not_signed_in_is_sent_to_sign_in(world: World, path: str) -> None:
    answer = await Browser(app_of(world, account.FEATURE)).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={path.replace('/', '%2F')}"


async def test_what_is_shown_is_ones_own(world: World, ann: User, bob: User) -> None:
    await api_keys.create(world, owner=bob.subject, name="bobs key")
    browser, _ = await signed_in(world, "ann")
    page = await browser.get("/account")
    assert page.status_code == 200
    assert "Ann" in page.text
    assert "this one" in page.text
    assert "bobs key" not in page.text


async def test_nothing_hides_behind_many(world: World, ann: User) -> None:
    """Whoever has got in as well cannot make so much that what they made last is not shown."""
    browser, mine = await signed_in(world, "ann")
    now = world.clock.now()
    many = sorted((replace(mine, id=world.new_id("ses"), digest=f"d{n}") for n in range(150)), key=lambda one: one.id)
    consents = [Consent(ann.id, f"c{n:03}", ("openid",), now) for n in range(150)]
    keys = [ApiKey(world.new_id("key"), f"d{n}", f"key {n:03}", ann.subject, now, None) for n in range(150)]
    await world.commit(keep(None, *(Put(SESSIONS, one) for one in many), *(Put(CONSENTS, one) for one in consents)))
    await world.commit(keep(None, *(Put(API_KEYS, one) for one in keys)))
    page = (await browser.get("/account")).text
    assert page.index(many[-1].id) < page.index(many[0].id)
    assert all(one.id in page for one in (*many, *keys))
    assert all(f'value="{one.client}"' in page for one in consents)


async def test_end_another_session(world: World, ann: User) -> None:
    browser, mine = await signed_in(world, "ann")
    _, other = await signed_in(world, "ann")
    hanging = await family(world, ann, "c", other.id)
    answer = await browser.send("/account", {"id": other.id}, "/account/sessions/end")
    assert answer.headers["location"] == "/account?done=session"
    assert await world.storage.get(SESSIONS, other.id) is None
    assert await world.storage.get(FAMILIES, hanging.id) is None
    assert await world.storage.get(SESSIONS, mine.id) is not None
    assert "That session has ended." in (await browser.get(answer.headers["location"])).text


async def test_nothing_of_somebody_elses_ends(world: World, ann: User, bob: User) -> None:
    _, bobs = await signed_in(world, "bob")
    key, _ = await api_keys.create(world, owner=bob.subject, name="bobs")
    await world.commit(keep(None, Put(CONSENTS, Consent(bob.id, "c", ("openid",), world.clock.now()))))
    browser, _ = await signed_in(world, "ann")
    await signed_in(world, "ann")
    await api_keys.create(world, owner=ann.subject, name="mine")
    await world.commit(keep(None, Put(CONSENTS, Consent(ann.id, "d", ("openid",), world.clock.now()))))
    for action, fields in (
        ("/account/sessions/end", {"id": bobs.id}),
        ("/account/api-keys/revoke", {"id": key.id}),
        ("/account/consents/withdraw", {"client": "c"}),
    ):
        assert (await browser.send("/account", fields, action)).status_code == 303
    assert await world.storage.get(SESSIONS, bobs.id) is not None
    assert await world.storage.get(API_KEYS, key.id) is not None
    assert await world.storage.get(CONSENTS, bob.id, "c") is not None


async def test_withdraw_an_apps_access(world: World, ann: User) -> None:
    consent = Consent(ann.id, "books", ("openid", "invoice:read"), world.clock.now())
    await world.commit(keep(None, Put(CONSENTS, consent), Put(CLIENTS, Client("books", "Paperclip Books"))))
    theirs, others = await family(world, ann, "books"), await family(world, ann, "almanac")
    browser, _ = await signed_in(world, "ann")
    assert "Paperclip Books" in (await browser.get("/account")).text
    await browser.send("/account", {}, "/account/consents/withdraw")
    assert await world.storage.get(CONSENTS, ann.id, "books") is None
    assert await world.storage.get(FAMILIES, theirs.id) is None
    assert await world.storage.get(FAMILIES, others.id) is not None


async def test_what_is_opened_while_consent_is_withdrawn_ends_too(world: World, ann: User) -> None:
    now = world.clock.now()
    await world.commit(keep(None, Put(CONSENTS, Consent(ann.id, "books", ("openid",), now))))

    class Meanwhile:
        """A storage that is slow to commit: beside it, a code is redeemed."""

        def __getattr__(self, name: str) -> object:
            return getattr(world.storage, name)

        async def commit(self, changes: object) -> object:
            await family(world, ann, "books")
            return await world.storage.commit(changes)  # type: ignore[arg-type]  # passed through

    await account_flow.withdraw(replace(world, storage=Meanwhile()), ann, "books")  # type: ignore[arg-type]  # delegates
    assert await world.storage.page(FAMILIES) == []


async def test_an_api_key_is_shown_once(world: World, ann: User) -> None:
    browser, _ = await signed_in(world, "ann")
    made = await browser.send("/account/api-keys", {"name": "Nightly", "scope": "", "lifetime": "30"})
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    found = re.search(r'id="api-key-secret"[^>]*>([^<]+)<', made.text)
    assert found
    secret = unescape(found[1])
    assert well_formed(secret, "dw")
    assert (await api_keys.find(world, secret)).owner == ann.subject
    page = await browser.get("/account")
    assert "Nightly" in page.text
    assert secret not in page.text
    await browser.send("/account", {}, "/account/api-keys/revoke")
    assert "Nightly" not in (await browser.get("/account")).text


@pytest.mark.parametrize("fields", [{"name": ""}, {"scope": "no:such"}, {"lifetime": "100000"}])
async def test_an_api_key_that_cannot_be(world: World, ann: User, fields: dict[str, str]) -> None:
    browser, _ = await signed_in(world, "ann")
    sent = {"name": "x", "scope": "", "lifetime": "30"} | fields
    answer = await browser.send("/account/api-keys", sent)
    assert answer.status_code == 400
    assert 'id="error-summary"' in answer.text
    assert not await world.storage.page(API_KEYS)


async def test_change_the_password(world: World, ann: User) -> None:
    browser, mine = await signed_in(world, "ann")
    _, other = await signed_in(world, "ann")
    thief = Browser(app_of(world, account.FEATURE))
    thief.client.cookies.update(browser.client.cookies)
    answer = await browser.send("/account/password", {"current": PASSPHRASE, "password": OTHER})
    assert answer.headers["location"] == "/account?done=password"
    assert (await browser.get("/account")).status_code == 200
    assert (await thief.get("/account")).headers["location"] == "/login?next=%2Faccount"
    assert await world.storage.get(SESSIONS, mine.id) is not None
    assert await world.storage.get(SESSIONS, other.id) is None
    await lifecycle.sign_in(world, "ann", OTHER)


async def test_change_the_password_wrongly(world: World, ann: User) -> None:
    browser, _ = await signed_in(world, "ann")
    wrong = await browser.send("/account/password", {"current": "wrong", "password": OTHER})
    assert wrong.status_code == 403
    assert 'id="current-error"' in wrong.text
    short = await browser.send("/account/password", {"current": PASSPHRASE, "password": "short"})
    assert short.status_code == 400
    assert 'id="password-error"' in short.text
    for text in ("wrong", "short", PASSPHRASE, OTHER):
        assert f'value="{text}"' not in wrong.text + short.text
    for _ in range(world.settings.attempts_per_account):
        last = await browser.send("/account/password", {"current": "wrong", "password": OTHER})
    assert last.status_code == 429
    assert "retry-after" in last.headers
    await signed_in_again(world)


async def signed_in_again(world: World) -> None:
    """The password is still the old one, once the wait is over."""
    world.clock.advance(world.settings.attempts_window)  # type: ignore[attr-defined]  # the FakeClock
    await lifecycle.sign_in(world, "ann", PASSPHRASE)


async def test_forms_carry_no_other_forms_token(world: World, ann: User) -> None:
    browser, _ = await signed_in(world, "ann")
    await api_keys.create(world, owner=ann.subject, name="mine")
    page = (await browser.get("/account")).text
    _, hidden = form_in(page, "/account/api-keys/revoke")
    answer = await browser.post("/account/sessions/end", hidden)
    assert answer.status_code == 403
    assert len(await world.storage.page(API_KEYS)) == 1
