"""Sealing the record, as a job, and checking that it is whole."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.audit import Caller
from doorward.core.errors import Exists, LostRace
from doorward.core.outcome import Event, keep
from doorward.domain.audit import reads, rules
from doorward.domain.audit.records import AUDIT_HEADS, CHAIN, AuditHead
from doorward.ports import World, flow

BATCH = 500
"""Events sealed in one commit."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check found: events whose seal holds, events not sealed yet, and the first break, if any."""

    sealed: int
    waiting: int
    broken: rules.Break | None

    def __bool__(self) -> bool:
        return self.broken is None


async def seal(world: World) -> AuditHead | None:
    """Seal every event that waits, oldest first; the head afterwards. Run it as often as you like, anywhere.

    Of two that run at once, one seals each event: both swap the head, and the one that loses begins anew.
    """
    head = await _seal_some(world)
    while await reads.unsealed(world, limit=1):
        head = await _seal_some(world)
    return head


@flow
async def _seal_some(world: World) -> AuditHead | None:
    head = await world.storage.get(AUDIT_HEADS, CHAIN)
    events = await reads.unsealed(world, limit=BATCH)
    try:
        return await world.commit(rules.seal_all(head, events, world.keyring.mac, world.clock.now()))
    except Exists as taken:
        raise LostRace("the chain was begun meanwhile") from taken


async def tell_left_out(world: World, *, closing: bool = False) -> None:
    """Record how many refusals this process has left out of the record, by sender; nothing where none were.

    With `closing` those of the minute under way too, for a process that ends.
    """
    counts = world.refusals.left_out(world.clock.now(), closing=closing)
    events = [Event("refusal.leave_out", sender, data={"count": count}) for sender, count in counts.items()]
    if events:
        await world.on_behalf_of(Caller(actor="doorward")).commit(keep(None, *events))


async def verify_chain(world: World) -> ChainReport:
    """Read the whole chain again and say whether it holds, or where it breaks first."""
    place, before = 0, ""
    while page := await reads.sealed(world, after=before):
        for event in page:
            broken = rules.check_event(event, place + 1, before, world.keyring.mac)
            if broken is not None:
                return ChainReport(place, await reads.waiting(world), broken)
            place, before = place + 1, event.seal
    head = await world.storage.get(AUDIT_HEADS, CHAIN)
    return ChainReport(place, await reads.waiting(world), rules.check_head(head, place, before, world.keyring.mac))
