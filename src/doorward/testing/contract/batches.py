"""Batches: each change does what it says, all of them or none; relation rows are written whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from doorward.core.access.relation import PLACE, RELATIONS, Relation
from doorward.core.errors import Exists, LostRace, Unavailable
from doorward.core.instant import Seconds, after
from doorward.core.outcome import Change, Event, Relate, Unrelate
from doorward.core.table import Add, Delete, DeleteWhere, Expect, Put, Swap, swap
from doorward.ports import Revision, Storage
from doorward.testing.clock import FakeClock
from doorward.testing.contract.fixtures import ContractFixtures
from doorward.testing.contract.records import ENTRIES, ITEMS, MARKS, Entry, Item, Mark


class BatchContract(ContractFixtures):
    """put, add, swap, expect, delete, delete_where."""

    async def test_put_replaces_whatever_is_there(self, storage: Storage) -> None:
        await storage.commit([Put(ITEMS, Item("a", "na", version=5)), Put(MARKS, Mark(b"m")), Put(MARKS, Mark(b"m"))])
        await storage.commit([Put(ITEMS, Item("a", "other", version=2))])
        assert await storage.page(ITEMS) == [Item("a", "other", version=2)]
        assert await storage.page(MARKS) == [Mark(b"m")]

    async def test_add_says_what_is_taken(self, storage: Storage) -> None:
        await storage.commit([Add(ITEMS, Item("a", "na", "ca"))])
        for item, columns in (
            (Item("a", "other"), ("id",)),
            (Item("b", "na"), ("name",)),
            (Item("b", "nb", "ca"), ("code",)),
        ):
            with pytest.raises(Exists) as caught:
                await storage.commit([Add(ITEMS, item)])
            assert (caught.value.table, caught.value.columns) == (ITEMS.name, columns)
        with pytest.raises(Exists):
            await storage.commit([Put(ITEMS, Item("b", "na"))])
        assert await storage.page(ITEMS) == [Item("a", "na", "ca")]

    async def test_a_unique_holds_only_where_it_is_not_null(self, storage: Storage) -> None:
        await storage.commit([Add(ITEMS, Item("a", "na")), Add(ITEMS, Item("b", "nb"))])
        assert len(await storage.page(ITEMS)) == 2

    async def test_what_has_expired_takes_nothing(self, storage: Storage, clock: FakeClock) -> None:
        brief = Item("a", "na", "ca", expires=after(clock.now(), Seconds(1)), version=3)
        await storage.commit([Add(ITEMS, brief)])
        clock.advance(1)
        await storage.commit(
            [Add(ITEMS, Item("b", "na")), Add(ITEMS, Item("c", "nc", "ca")), Add(ITEMS, Item("a", "x"))]
        )
        assert [item.name for item in await storage.page(ITEMS)] == ["x", "na", "nc"]

    async def test_swap_compares_the_version(self, storage: Storage) -> None:
        old = Item("a", "na")
        await storage.commit([Add(ITEMS, old)])
        await storage.commit([swap(ITEMS, old, count=1)])
        with pytest.raises(LostRace):
            await storage.commit([swap(ITEMS, old, count=2)])
        with pytest.raises(LostRace):
            await storage.commit([swap(ITEMS, Item("gone", "x"), count=2)])
        assert await storage.get(ITEMS, "a") == Item("a", "na", count=1, version=2)

    async def test_a_swap_may_take_no_name_that_is_taken(self, storage: Storage) -> None:
        old = Item("a", "na")
        await storage.commit([Add(ITEMS, old), Add(ITEMS, Item("b", "nb"))])
        with pytest.raises(Exists) as caught:
            await storage.commit([swap(ITEMS, old, name="nb")])
        assert caught.value.columns == ("name",)
        await storage.commit([swap(ITEMS, old, name="nc")])
        assert await storage.find(ITEMS, name="na") is None

    async def test_expired_rows_lose_every_comparison(self, storage: Storage, clock: FakeClock) -> None:
        brief = Item("a", "na", expires=after(clock.now(), Seconds(1)))
        await storage.commit([Add(ITEMS, brief)])
        clock.advance(1)
        lost: Sequence[Change] = (
            swap(ITEMS, brief, count=1),
            Expect(ITEMS, brief),
            Delete(ITEMS, ("a",), required=True),
        )
        for change in lost:
            with pytest.raises(LostRace):
                await storage.commit([change])
        await storage.commit([Delete(ITEMS, ("a",))])

    async def test_expect_holds_the_batch_to_what_was_read(self, storage: Storage) -> None:
        read = Item("a", "na")
        await storage.commit([Add(ITEMS, read)])
        await storage.commit([Expect(ITEMS, read), Add(ENTRIES, Entry("b", 1))])
        await storage.commit([swap(ITEMS, read, count=1)])
        with pytest.raises(LostRace):
            await storage.commit([Add(ENTRIES, Entry("b", 2)), Expect(ITEMS, read)])
        with pytest.raises(LostRace):
            await storage.commit([Expect(ITEMS, Item("gone", "x"))])
        assert await storage.page(ENTRIES) == [Entry("b", 1)]

    async def test_a_required_deletion_succeeds_once(self, storage: Storage) -> None:
        await storage.commit([Add(ENTRIES, Entry("b", 1))])
        await storage.commit([Delete(ENTRIES, ("b", 1), required=True)])
        with pytest.raises(LostRace):
            await storage.commit([Delete(ENTRIES, ("b", 1), required=True)])
        await storage.commit([Delete(ENTRIES, ("b", 1))])

    async def test_delete_where_takes_all_of_a_group_and_no_other(self, storage: Storage) -> None:
        await storage.commit([Add(ENTRIES, Entry(book, n)) for book in ("a", "b") for n in range(3)])
        await storage.commit([DeleteWhere(ENTRIES, {"book": "a"})])
        assert [entry.book for entry in await storage.page(ENTRIES)] == ["b"] * 3
        with pytest.raises(TypeError):
            await storage.commit([DeleteWhere(ENTRIES, {})])
        with pytest.raises(TypeError):
            await storage.commit([DeleteWhere(ITEMS, {"count": 1})])
        await storage.commit([Add(ITEMS, Item("p", "p", price=1)), Add(ITEMS, Item("q", "q"))])
        await storage.commit([DeleteWhere(ITEMS, {"price": None})])
        assert [item.id for item in await storage.page(ITEMS)] == ["p"]

    @pytest.mark.parametrize("place", range(4))
    async def test_all_or_nothing_wherever_it_breaks(self, storage: Storage, place: int) -> None:
        old = Item("a", "na")
        await storage.commit([Add(ITEMS, old), Add(ENTRIES, Entry("gone", 1))])
        before = (await storage.page(ITEMS), await storage.page(ENTRIES), storage.feed().revision())
        changes: list[Change] = [
            swap(ITEMS, old, count=1),
            Add(ITEMS, Item("b", "nb")),
            DeleteWhere(ENTRIES, {"book": "gone"}),
        ]
        changes.insert(place, Expect(ITEMS, Item("no", "such")))
        with pytest.raises(LostRace):
            await storage.commit(changes)
        assert (await storage.page(ITEMS), await storage.page(ENTRIES), storage.feed().revision()) == before

    async def test_changes_of_a_batch_see_those_before_them(self, storage: Storage) -> None:
        one = Item("a", "na")
        first = swap(ITEMS, one, count=1)
        await storage.commit(
            [Add(ITEMS, one), first, swap(ITEMS, first.new, count=2), Expect(ITEMS, Item("a", "na", version=3))]
        )
        assert await storage.get(ITEMS, "a") == Item("a", "na", count=2, version=3)

    async def test_what_no_table_allows_is_refused_before_anything_is_written(self, storage: Storage) -> None:
        entry, item = Entry("b", 1), Item("a", "na")
        wrong: Sequence[Change] = (
            Event("item.create", "item:a"),
            Swap(ENTRIES, entry, entry),
            Expect(ENTRIES, entry),
            Swap(ITEMS, item, item),
            Swap(ITEMS, item, Item("b", "na", version=2)),
            Delete(ENTRIES, ("b",)),
        )
        for change in wrong:
            with pytest.raises(TypeError):
                await storage.commit([Add(ENTRIES, entry), change])
        assert await storage.page(ENTRIES) == []

    async def test_revisions_grow(self, storage: Storage) -> None:
        seen = [await storage.commit([])]
        for number in range(3):
            seen.append(await storage.commit([Put(ITEMS, Item("a", "na", count=number)), Put(MARKS, Mark(b"m"))]))
        assert seen == sorted(set(seen))
        assert await storage.commit([]) == seen[-1] == storage.feed().revision()

    async def test_nothing_is_answered_after_closing(self, storage: Storage) -> None:
        await storage.close()
        await storage.close()
        with pytest.raises(Unavailable):
            await storage.get(ITEMS, "a")
        with pytest.raises(Unavailable):
            await storage.commit([Put(MARKS, Mark(b"m"))])
        with pytest.raises(Unavailable):
            await storage.changes(Revision(0))


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
