"""The proof of a storage adapter: subclass StorageContract, and every promise of the port is tested on yours.

    class TestMine(StorageContract):
        adapter = "my.package:open_mine"                 # await open_mine(location, tables, clock) -> Storage

        @pytest.fixture
        def location(self, tmp_path): ...                # a str, fresh for each test; other processes get it too

Needs pytest and anyio. Does NOT prove that a write survives the loss of power: only that what was acknowledged survives
kill -9, and what was not is there whole or not at all.
"""

from doorward.testing.contract.batches import BatchContract, RelationContract
from doorward.testing.contract.crash import CrashContract
from doorward.testing.contract.feed import FeedContract
from doorward.testing.contract.races import RaceContract
from doorward.testing.contract.reading import ReadingContract

__all__ = ["StorageContract"]


class StorageContract(ReadingContract, BatchContract, RelationContract, FeedContract, RaceContract, CrashContract):
    """Every promise of ports.Storage, as tests of a class to inherit from."""
