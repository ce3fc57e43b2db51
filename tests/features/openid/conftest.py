"""One person, one client and the server between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doorward.testing import FakeClock
from tests.oauth import Party, opened, party


@pytest.fixture
async def ann(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Party]:
    """Ann, signed in, and a confidential client."""
    async with opened(tmp_path / "doorward.db", clock) as world, party(world) as one:
        yield one
