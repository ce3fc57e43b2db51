"""A browser and an installation for the walks. What is missing is skipped loudly, or fails where all is required."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.place import Place

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def require(present: object, what: str) -> None:
    """Skip a test whose component is missing, saying what to install; fail where everything is required."""
    if present:
        return
    if os.environ.get("TESTS_REQUIRE") == "all":
        pytest.fail(f"{what} is required here")
    pytest.skip(f"NOT TESTED: install {what} to run this")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with its module: while it is open, its event loop runs in this thread and no other can."""
    require(CHROMIUM, "Chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
