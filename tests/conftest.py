"""Fixtures that every test may use: a clock that only moves when told, and a World on a real SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doorward.ports import World
from doorward.testing import FakeClock, open_world


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A World of real adapters on a fresh database; only the clock is ours, and argon2id is set to its fastest."""
    world = await open_world(tmp_path / "doorward.db", clock=clock)
    try:
        yield world
    finally:
        await world.storage.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--spec", default="", help="run only the tests that prove the security MUST with this id")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if wanted := config.getoption("--spec"):
        items[:] = [item for item in items if any(wanted in mark.args for mark in item.iter_markers("spec"))]
