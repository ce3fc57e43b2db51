"""The front page, the meaning of error codes, and the sign of life."""

from __future__ import annotations

import pytest

from doorward.features import pages
from doorward.features.setup.flow import close_setup
from doorward.ports import World
from doorward.web.errors import catalogue
from tests.web.browser import Browser, app_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(app_of(world, pages.FEATURE))


async def test_the_front_page_leads_on(browser: Browser, world: World) -> None:
    assert 'href="/setup"' in (await browser.get("/")).text
    await close_setup(world)
    page = (await browser.get("/")).text
    assert 'href="/login"' in page
    assert 'href="/setup"' not in page


async def test_every_code_has_a_page(browser: Browser) -> None:
    for code in catalogue():
        page = await browser.get(f"/problems/{code}")
        assert page.status_code == 200
        assert code in page.text
    assert (await browser.get("/problems/<script>")).status_code == 404


async def test_healthz(browser: Browser, world: World) -> None:
    answer = await browser.get("/healthz", headers={"host": "10.1.2.3"})
    assert (answer.status_code, answer.text) == (200, "ok\n")
