"""What a person allowed is remembered, grows, and can be taken back."""

from __future__ import annotations

import asyncio

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.instant import Instant
from doorward.core.outcome import keep
from doorward.domain.consents import flow, reads, rules
from doorward.domain.consents.records import Consent
from doorward.ports import World

NOW = Instant(1)
GIVEN = Consent("usr_1", "app", ("openid", "invoice:read"), NOW)


def test_giving_joins_and_repeating_changes_nothing() -> None:
    consent, changes = rules.give(None, "usr_1", "app", ("openid", "invoice:read"), NOW)
    assert (consent, len(changes)) == (GIVEN, 1)
    assert rules.give(GIVEN, "usr_1", "app", ("openid",), Instant(2)) == (GIVEN, ())
    grown, changes = rules.give(GIVEN, "usr_1", "app", ("openid", "invoice:pay"), Instant(2))
    assert grown.scope == ("openid", "invoice:read", "invoice:pay")
    assert (grown.given, len(changes)) == (2, 1)


def test_covering() -> None:
    assert rules.covers(GIVEN, ())
    assert rules.covers(GIVEN, ("openid",))
    assert not rules.covers(GIVEN, ("openid", "invoice:pay"))
    assert not rules.covers(None, ())


@pytest.mark.anyio
async def test_given_found_withdrawn(world: World) -> None:
    given = await flow.give(world, "usr_1", "app", ["openid"])
    await flow.give(world, "usr_1", "app", ["openid"])
    await flow.give(world, "usr_1", "zoo", ["openid"])
    await flow.give(world, "usr_2", "app", ["openid"])
    assert await reads.consent(world, "usr_1", "app") == given
    assert [consent.client for consent in await reads.consents(world, "usr_1")] == ["app", "zoo"]
    assert [consent.client for consent in await reads.consents(world, "usr_1", after="app")] == ["zoo"]
    await world.commit(keep(None, *rules.withdrawal(given)))
    assert await reads.consent(world, "usr_1", "app") is None
    actions = [event.action for event in await world.storage.page(AUDIT_EVENTS)]
    assert sorted(actions) == ["consent.give"] * 3 + ["consent.withdraw"]


@pytest.mark.anyio
async def test_given_twice_at_once(world: World) -> None:
    await asyncio.gather(*(flow.give(world, "usr_1", "app", ["openid"]) for _ in range(4)))
    assert len(await reads.consents(world, "usr_1")) == 1
