"""Sealing and checking the record in a real database."""

from __future__ import annotations

from dataclasses import fields, replace

import anyio
import pytest

from doorward.core.audit import AUDIT_EVENTS, AuditEvent, Caller
from doorward.core.errors import Exists
from doorward.core.outcome import Event, keep
from doorward.core.table import Delete, Put, swap
from doorward.domain.audit import flow, reads
from doorward.domain.audit.flow import seal, verify_chain
from doorward.domain.audit.records import AUDIT_HEADS, CHAIN
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


async def write(world: World, clock: FakeClock, count: int) -> None:
    for number in range(count):
        here = world.on_behalf_of(Caller("user:usr_1", "ses_1", "192.0.2.1", "curl", f"req_{number}"))
        data = {"b": number, "a": ["x"], "decision": f"dec_{number}"}
        await here.commit(keep(None, Event("role.assign", f"role:r{number}", "ok", "because", data)))
        clock.advance(1)


async def chain(world: World) -> list[AuditEvent]:
    return await reads.sealed(world, after="")


async def test_everything_is_sealed_once_and_holds(world: World, clock: FakeClock) -> None:
    assert await seal(world) is None
    assert await verify_chain(world)
    await write(world, clock, 5)
    assert (await verify_chain(world)).waiting == 5
    head = await seal(world)
    assert head is not None
    assert head.count == 5
    before = await chain(world)
    assert await seal(world) == head
    assert await chain(world) == before
    await write(world, clock, 2)
    await seal(world)
    report = await verify_chain(world)
    assert (report.sealed, report.waiting, report.broken) == (7, 0, None)


async def test_more_than_one_batch(world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "BATCH", 3)
    await write(world, clock, 10)
    head = await seal(world)
    assert head is not None
    assert head.count == 10
    assert await verify_chain(world)


async def test_two_sealers_seal_each_event_once(world: World, clock: FakeClock) -> None:
    await write(world, clock, 40)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(seal, world)
    report = await verify_chain(world)
    assert (report.sealed, report.waiting, report.broken) == (40, 0, None)


async def test_a_chain_begun_by_another_is_gone_on_with(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write(world, clock, 1)
    real, runs = world.commit, []

    async def contested(self: World, outcome: object) -> object:
        runs.append(outcome)
        if len(runs) == 1:
            raise Exists("audit_heads", ("id",))
        return await real(outcome)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(World, "commit", contested)
    assert await seal(world)
    assert len(runs) == 2


@pytest.mark.parametrize("name", [field.name for field in fields(AuditEvent) if field.name != "id"])
@pytest.mark.parametrize("place", [0, 2, 4])
async def test_a_field_tampered_with_is_found(world: World, clock: FakeClock, name: str, place: int) -> None:
    await write(world, clock, 5)
    await seal(world)
    victim = (await chain(world))[place]
    value = {"at": victim.at + 1, "data": {**victim.data, "b": 99}, "seal": ""}.get(name, "tampered")
    await world.storage.commit([Put(AUDIT_EVENTS, replace(victim, **{name: value}))])
    report = await verify_chain(world)
    assert not report
    assert report.broken is not None
    await seal(world)
    assert not await verify_chain(world)


@pytest.mark.parametrize("places", [[0], [2], [4], [3, 4], [0, 1, 2, 3, 4]])
async def test_a_deleted_event_is_found(world: World, clock: FakeClock, places: list[int]) -> None:
    await write(world, clock, 5)
    await seal(world)
    events = await chain(world)
    await world.storage.commit([Delete(AUDIT_EVENTS, (events[place].id,)) for place in places])
    assert not await verify_chain(world)


async def test_events_that_changed_places_or_were_put_in_are_found(world: World, clock: FakeClock) -> None:
    await write(world, clock, 3)
    await seal(world)
    one, two, three = await chain(world)
    await world.storage.commit([Put(AUDIT_EVENTS, replace(three, id="evt_copy", seal=two.seal))])
    assert not await verify_chain(world)
    await world.storage.commit([Delete(AUDIT_EVENTS, ("evt_copy",))])
    assert await verify_chain(world)
    swapped = [Put(AUDIT_EVENTS, replace(one, seal=two.seal)), Put(AUDIT_EVENTS, replace(two, seal=one.seal))]
    await world.storage.commit(swapped)
    assert not await verify_chain(world)


async def test_a_head_moved_back_or_lost_is_found(world: World, clock: FakeClock) -> None:
    await write(world, clock, 3)
    await seal(world)
    head = await world.storage.get(AUDIT_HEADS, CHAIN)
    assert head is not None
    _, two, three = await chain(world)
    shorter = [Delete(AUDIT_EVENTS, (three.id,)), swap(AUDIT_HEADS, head, count=2, seal=two.seal)]
    await world.storage.commit(shorter)
    report = await verify_chain(world)
    assert report.broken is not None
    assert report.broken.problem == "the head of the chain was changed"
    await world.storage.commit([Delete(AUDIT_HEADS, (CHAIN,))])
    assert not await verify_chain(world)
