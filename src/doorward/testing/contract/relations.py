"""Relation rows: written, replaced and deleted whole, and one organization for an object."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.access.relation import PLACE, RELATIONS, Relation
from doorward.core.errors import Exists, LostRace
from doorward.core.instant import Seconds, after
from doorward.core.outcome import Relate, Unrelate
from doorward.core.table import Add, DeleteWhere, Put
from doorward.ports import Storage
from doorward.testing.clock import FakeClock
from doorward.testing.contract.fixtures import ContractFixtures

VIEWER = Relation("invoice:7", "viewer", "user:ann")


def bare(relation: Relation | None) -> Relation | None:
    """Without what storage sets."""
    return relation and replace(relation, revision=0, timeline="")


class RelationContract(ContractFixtures):
    """relate, unrelate."""

    async def test_a_row_is_written_whole(self, storage: Storage, clock: FakeClock) -> None:
        ends = after(clock.now(), Seconds(9))
        full = Relation("invoice:7", "viewer", "group:a#member", "other", "in_hours", {"from": [8, "x"]}, ends)
        revision = await storage.commit([Relate(VIEWER), Relate(full)])
        rows = await storage.page(RELATIONS)
        assert [bare(row) for row in rows] == [VIEWER, full]
        assert rows[1].revision == revision > rows[0].revision > 0
        assert {row.timeline for row in rows} == {storage.feed().timeline()}

    async def test_writing_one_that_is_there_replaces_it(self, storage: Storage) -> None:
        first = await storage.commit([Relate(VIEWER)])
        second = await storage.commit([Relate(replace(VIEWER, condition="c", context={"a": 1}))])
        (row,) = await storage.page(RELATIONS)
        assert (row.condition, row.context, row.revision) == ("c", {"a": 1}, second)
        assert second > first

    async def test_unrelate(self, storage: Storage) -> None:
        await storage.commit([Relate(VIEWER), Unrelate(replace(VIEWER, subject="user:bob"))])
        await storage.commit([Unrelate(VIEWER, required=True)])
        assert await storage.page(RELATIONS) == []
        with pytest.raises(LostRace):
            await storage.commit([Unrelate(VIEWER, required=True)])
        await storage.commit([Unrelate(VIEWER)])

    async def test_an_expired_row_is_gone_and_can_be_written_again(self, storage: Storage, clock: FakeClock) -> None:
        await storage.commit([Relate(replace(VIEWER, expires=after(clock.now(), Seconds(1))))])
        clock.advance(1)
        assert await storage.page(RELATIONS) == []
        with pytest.raises(LostRace):
            await storage.commit([Unrelate(VIEWER, required=True)])
        await storage.commit([Relate(VIEWER)])
        assert [bare(row) for row in await storage.page(RELATIONS)] == [VIEWER]

    async def test_an_object_is_in_one_organization_at_most(self, storage: Storage, clock: FakeClock) -> None:
        acme, other = (
            Relation("invoice:7", PLACE, "organization:acme"),
            Relation("invoice:7", PLACE, "organization:other"),
        )
        await storage.commit([Relate(acme), Relate(acme), Relate(replace(other, store="plain"))])
        with pytest.raises(Exists) as caught:
            await storage.commit([Relate(other)])
        assert (caught.value.table, caught.value.columns) == (RELATIONS.name, ("store", "object"))
        await storage.commit([Unrelate(acme), Relate(replace(other, expires=after(clock.now(), Seconds(1))))])
        clock.advance(1)
        await storage.commit([Relate(acme)])
        assert [row.subject for row in await storage.page(RELATIONS, {"store": "default"})] == ["organization:acme"]

    async def test_all_of_a_subject_can_be_deleted(self, storage: Storage) -> None:
        kept = replace(VIEWER, subject="user:ann2")
        await storage.commit([Relate(VIEWER), Relate(replace(VIEWER, relation="owner")), Relate(kept)])
        before = storage.feed().revision()
        await storage.commit([DeleteWhere(RELATIONS, {"store": "default", "subject": "user:ann"})])
        assert [bare(row) for row in await storage.page(RELATIONS)] == [kept]
        told = await storage.changes(before)
        assert told is not None
        gone = sorted((entry.key, entry.kind, repr(bare(entry.relation))) for entry in told)
        both = (replace(VIEWER, relation="owner"), VIEWER)
        assert gone == [(RELATIONS.key_of(row), "unrelate", repr(row)) for row in both]

    async def test_only_relate_and_unrelate_write_them(self, storage: Storage) -> None:
        for change in (Add(RELATIONS, VIEWER), Put(RELATIONS, VIEWER)):
            with pytest.raises(TypeError):
                await storage.commit([change])
