"""Looking at the record and checking that it is whole."""

from __future__ import annotations

import pytest

from doorward.core.errors import Invalid
from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.accounts.flow import create_user
from doorward.domain.audit.flow import seal
from doorward.features.audit import FEATURE
from doorward.features.audit.routes import ListAuditEvents, VerifyAudit, as_text, list_audit_events, verify_audit
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio

OPERATOR = Principal("operator:root", "operator")


async def test_events_are_found_by_what_one_looks_for(world: World, clock: FakeClock) -> None:
    ann = await create_user(world, username="ann")
    clock.advance(60)
    noon = to_text(clock.now())
    clock.advance(60)
    await create_user(world, username="bob")

    async def found(**conditions: str) -> list[str]:
        reply = await list_audit_events(world, OPERATOR, ListAuditEvents(**conditions))  # type: ignore[arg-type]  # by name
        return [event.target for event in reply.items]

    assert len(await found(action="user.")) == 2
    assert await found(target=ann.subject) == [ann.subject]
    assert await found(until=noon) == [ann.subject]
    assert ann.subject not in await found(since=noon)
    assert await found(outcome="refused") == []
    with pytest.raises(Invalid):
        await found(since="yesterday")


async def test_pages_follow_each_other(world: World, clock: FakeClock) -> None:
    for number in range(3):
        clock.advance(1)
        await create_user(world, username=f"user{number}")
    first = await list_audit_events(world, OPERATOR, ListAuditEvents(limit=2))
    assert first.next == first.items[-1].id
    assert "more: --after" in as_text(first)
    second = await list_audit_events(world, OPERATOR, ListAuditEvents(limit=2, after=first.next or ""))
    assert [event.id for event in second.items] < [event.id for event in first.items]
    assert second.next is None


async def test_a_change_to_the_record_shows(world: World) -> None:
    await create_user(world, username="ann")
    assert (await verify_audit(world, OPERATOR, VerifyAudit())).waiting == 1
    await seal(world)
    report = await verify_audit(world, OPERATOR, VerifyAudit())
    assert (report.whole, report.sealed, report.waiting) == (True, 1, 0)


def test_sealing_and_telling_are_jobs() -> None:
    assert [job.name for job in FEATURE.jobs] == ["seal", "left_out"]
