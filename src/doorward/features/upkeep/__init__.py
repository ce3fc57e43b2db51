"""What a server does unasked: rows whose time has passed are deleted. They were invisible before."""

from __future__ import annotations

from doorward.core.instant import MINUTE
from doorward.feature import Feature, Job
from doorward.ports import World

_BATCH = 1000


async def sweep(world: World) -> int:
    """Delete everything that has expired, in batches, so that no write waits long behind one; how many rows went."""
    gone = 0
    while deleted := await world.storage.sweep(_BATCH):
        gone += deleted
        if deleted < _BATCH:
            break
    return gone


FEATURE = Feature("upkeep", jobs=(Job("sweep", MINUTE, sweep),))
