"""Reading the record."""

from __future__ import annotations

import pytest

from doorward.core.audit import Caller
from doorward.core.errors import NotFound
from doorward.core.outcome import Event, keep
from doorward.domain.audit import reads
from doorward.domain.audit.reads import AuditFilter
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def record(world: World, clock: FakeClock) -> World:
    events = [
        ("user:usr_1", Event("user.create", "user:usr_2")),
        ("user:usr_1", Event("role.assign", "user:usr_2", data={"role": "clerk"})),
        (
            "user:usr_2",
            Event("call.deny", "invoice:7", "refused", "role.elsewhere", {"decision": "dec_1", "trace": ["x"]}),
        ),
        ("anonymous", Event("sign_in.refuse", "user:usr_2", "refused", "sign_in.refused")),
    ]
    for actor, event in events:
        await world.on_behalf_of(Caller(actor, request=f"req_{event.action}")).commit(keep(None, event))
        clock.advance(60)
    return world


async def actions(world: World, **wanted: object) -> list[str]:
    return [event.action for event in await reads.events(world, AuditFilter(**wanted))]  # type: ignore[arg-type]  # by name


async def test_newest_first_and_by_page(record: World) -> None:
    first = await reads.events(record, limit=3)
    assert [event.action for event in first] == ["sign_in.refuse", "call.deny", "role.assign"]
    assert [event.action for event in await reads.events(record, before=first[-1].id)] == ["user.create"]
    assert first[2].data == {"role": "clerk"}
    assert await reads.event(record, first[0].id) == first[0]


async def test_every_filter(record: World, clock: FakeClock) -> None:
    start = clock.now() - 240_000_000
    assert await actions(record, actor="user:usr_1") == ["role.assign", "user.create"]
    assert await actions(record, target="invoice:7") == ["call.deny"]
    assert await actions(record, action="role.assign") == ["role.assign"]
    assert await actions(record, action="user.") == ["user.create"]
    assert await actions(record, action="user") == []
    assert await actions(record, outcome="refused", actor="anonymous") == ["sign_in.refuse"]
    assert await actions(record, decision="dec_1") == ["call.deny"]
    assert await actions(record, request="req_call.deny") == ["call.deny"]
    assert await actions(record, since=start + 60_000_000, until=start + 120_000_000) == ["role.assign"]
    assert await actions(record, actor="' OR 1=1 --") == []


async def test_why(record: World) -> None:
    found = await reads.decision(record, "dec_1")
    assert (found.reason, found.data["trace"]) == ("role.elsewhere", ["x"])
    for unknown in ("dec_2", ""):
        with pytest.raises(NotFound) as missed:
            await reads.decision(record, unknown)
        assert missed.value.reason == "decision.unknown"
    with pytest.raises(NotFound):
        await reads.event(record, "evt_nobody")
