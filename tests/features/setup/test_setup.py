"""Setup over HTTP: one administrator, whatever happens at once, and closed for good."""

from __future__ import annotations

import asyncio

import pytest

from doorward.core.access.relation import RELATIONS, assignment
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.meta import INITIALISED, META
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.records import USERS
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.domain.sessions import flow as sessions
from doorward.features import setup
from doorward.features.setup.flow import close_setup, create_administrator, open_setup
from doorward.ports import World
from doorward.testing import FakeClock
from tests.web.browser import Browser, app_of

pytestmark = pytest.mark.anyio
PASSPHRASE = "the lighthouse keeps its lamp"


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(app_of(world, setup.FEATURE))


async def code_of(world: World) -> str:
    code = await open_setup(world)
    assert code is not None
    return code


async def submit(browser: Browser, code: str, username: str = "root", password: str = PASSPHRASE):  # type: ignore[no-untyped-def]  # a response
    return await browser.send("/setup", {"code": code, "username": username, "password": password})


async def administrators(world: World) -> list[str]:
    rows = await world.storage.page(RELATIONS, {"store": "default", "object": assignment(ADMIN_ROLE, "*", "").object})
    return [row.subject for row in rows]


async def test_the_first_administrator(browser: Browser, world: World) -> None:
    answer = await submit(browser, await code_of(world))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/account"
    (user,) = await world.storage.page(USERS)
    assert await administrators(world) == [user.subject]
    found = await sessions.resume(world, browser.client.cookies["__Host-doorward"])
    assert found is not None
    assert found[1].id == user.id
    actions = [event.action for event in await world.storage.page(AUDIT_EVENTS)]
    assert {"user.create", "setup.close", "assignment.create"} <= set(actions)


async def test_closed_for_good(browser: Browser, world: World) -> None:
    code = await code_of(world)
    page = await browser.get("/setup")
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    await submit(browser, code)
    browser.client.cookies.delete("__Host-doorward")
    assert (await browser.get("/setup")).status_code == 404
    again = {"form_token": token, "code": code, "username": "other", "password": PASSPHRASE}
    assert (await browser.post("/setup", again)).status_code == 404
    assert await open_setup(world) is None
    for user in await world.storage.page(USERS):
        from doorward.domain.lifecycle import flow as lifecycle

        await lifecycle.delete_user(world, user)
    assert await open_setup(world) is None
    assert (await browser.get("/setup")).status_code == 404


@pytest.mark.parametrize("number", [2, 8, 16])
@pytest.mark.parametrize("username", ["root", "root{}"])
async def test_many_at_once_make_one(world: World, number: int, username: str) -> None:
    code = await code_of(world)
    results = await asyncio.gather(
        *(
            create_administrator(world, code=code, username=username.format(n), password=PASSPHRASE)
            for n in range(number)
        ),
        return_exceptions=True,
    )
    assert len([result for result in results if not isinstance(result, BaseException)]) == 1
    # a loser finds setup closed, or the code gone, by when it looks
    assert {getattr(result, "reason", "setup.closed") for result in results} <= {"setup.closed", "code.ended"}
    assert len(await administrators(world)) == 1
    assert len(await world.storage.page(USERS)) == 1


async def test_closing_otherwise_while_it_is_open(browser: Browser, world: World) -> None:
    code = await code_of(world)
    await asyncio.gather(close_setup(world), close_setup(world))
    await close_setup(world, "user:usr_1")
    assert (await browser.get("/setup")).status_code == 404
    with pytest.raises(Exception, match="setup is closed"):
        await create_administrator(world, code=code, username="root", password=PASSPHRASE)
    assert await world.storage.get(META, INITIALISED) is not None
    assert not await world.storage.page(USERS)


async def test_a_wrong_code(browser: Browser, world: World) -> None:
    code = await code_of(world)
    answer = await submit(browser, "000-000-000")
    assert answer.status_code == 403
    assert "not the setup code" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert PASSPHRASE not in answer.text
    assert (await submit(browser, code)).status_code == 303


async def test_a_newer_code_voids_the_older(browser: Browser, world: World) -> None:
    older, newer = await code_of(world), await code_of(world)
    assert (await submit(browser, older)).status_code == 403
    assert (await submit(browser, newer)).status_code == 303


async def test_a_code_ends(browser: Browser, world: World, clock: FakeClock) -> None:
    code = await code_of(world)
    clock.advance(world.settings.setup_code_lifetime)
    answer = await submit(browser, code)
    assert answer.status_code == 403
    assert "has ended" in answer.text


async def test_guessing_is_slowed(browser: Browser, world: World, clock: FakeClock) -> None:
    code = await code_of(world)
    for _ in range(5):
        assert (await submit(browser, "000-000-000")).status_code == 403
    answer = await submit(browser, code)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "2"
    clock.advance(2)
    assert (await submit(browser, code)).status_code == 303


async def test_a_refused_name_or_password_leaves_the_code(browser: Browser, world: World) -> None:
    code = await code_of(world)
    await create_user(world, username="taken")
    for username, password in (("taken", PASSPHRASE), ("a:b", PASSPHRASE), ("root", "short")):
        answer = await submit(browser, code, username, password)
        assert answer.status_code in (400, 409)
        assert 'id="error-summary"' in answer.text
    assert await administrators(world) == []
    assert (await submit(browser, code)).status_code == 303
