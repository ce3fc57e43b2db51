"""Prints what the security tests reported."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.adapters import Argon2Hasher
from doorward.app import close, open_world
from doorward.core.settings import Settings
from doorward.ports import World
from doorward.testing import FakeClock
from tests.security.figures import figures


@pytest.fixture
async def worlds(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Callable[[], Awaitable[World]]]:
    """Makes one fresh World after another, as a server has it; only passwords are hashed at their fastest."""
    made: list[World] = []
    hasher = Argon2Hasher(memory_kib=8, time=1)

    async def make() -> World:
        settings = Settings(
            public_url="https://auth.example.com",
            data=str(tmp_path / str(len(made))),
            secret_key=secrets.token_urlsafe(32),
        )
        made.append(await open_world(settings, clock=clock))
        return replace(made[-1], hasher=hasher)

    yield make
    for world in made:
        await close(world)
    hasher.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """At the end of the run, in the order of the classes of bug."""
    if figures.lines:
        terminalreporter.section("security figures")
        for line in figures.lines:
            terminalreporter.write_line(line)
