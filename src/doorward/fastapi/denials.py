"""The decision log of a door: what it denied, so that `doorward why <id>` can tell, and no more than it can bear.

Whoever has a credential can be denied as often as they like, and each record is a durable write. So they are counted:
what exceeds the budget is denied all the same and not recorded. A denial that can't be recorded is a denial.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from doorward.core.errors import DoorwardError
from doorward.core.instant import Instant
from doorward.core.outcome import Event, keep
from doorward.core.principal import Principal
from doorward.guard.rules import Denial

if TYPE_CHECKING:
    from doorward.ports import World

BURST, PER_SECOND = 100, 10

_log = logging.getLogger("doorward")


class Denials:
    """One process's budget of records: `BURST` at once, `PER_SECOND` for long."""

    def __init__(self) -> None:
        self._left, self._at = float(BURST), Instant(0)

    async def record(self, world: World, principal: Principal, permission: str, denial: Denial) -> bool:
        """Keep a denial in the audit, with its trace; whether it was kept."""
        if not self._spend(world.clock.now()):
            return False
        from doorward.app.authorize import recorded

        about = {"object": denial.object, "organization": denial.organization}
        data = recorded(denial.deny, principal, permission) | {name: id for name, id in about.items() if id}
        event = Event("call.refuse", f"permission:{permission}", "refused", denial.deny.reason, data)
        try:
            await world.commit(keep(None, event))
        except DoorwardError as error:
            _log.warning("a denial could not be recorded: %s", error.description)
            return False
        return True

    def _spend(self, now: Instant) -> bool:
        self._left = min(BURST, self._left + max(0, now - self._at) / 1_000_000 * PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
