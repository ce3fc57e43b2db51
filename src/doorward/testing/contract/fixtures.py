"""What every part of the contract stands on: the adapter, where its data are, and a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from doorward.ports import Storage
from doorward.testing.clock import FakeClock
from doorward.testing.contract.process import open_storage


class ContractFixtures:
    """Fixtures of the contract. Set `adapter` and override `location`."""

    pytestmark = pytest.mark.anyio
    adapter: str

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Tests run on asyncio."""
        return "asyncio"

    @pytest.fixture
    def location(self) -> str:
        """Where a fresh, empty database is or can be made."""
        raise NotImplementedError("say where")

    @pytest.fixture
    def clock(self) -> FakeClock:
        """Time that stands still."""
        return FakeClock()

    @pytest.fixture
    async def storage(self, location: str, clock: FakeClock) -> AsyncIterator[Storage]:
        """The adapter, open on `location`."""
        storage = await open_storage(self.adapter, location, clock)
        try:
            yield storage
        finally:
            await storage.close()

    @pytest.fixture
    async def second(self, storage: Storage, location: str, clock: FakeClock) -> AsyncIterator[Storage]:
        """The same database, opened once more: other connections, another writer."""
        second = await open_storage(self.adapter, location, clock)
        try:
            yield second
        finally:
            await second.close()
