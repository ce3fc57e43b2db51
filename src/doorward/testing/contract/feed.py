"""The change feed: complete, in order, never half a batch, and honest about what it no longer has."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from doorward.core.access.relation import RELATIONS, Relation
from doorward.core.errors import Conflict
from doorward.core.outcome import Relate, Unrelate
from doorward.core.table import Add, Delete, DeleteWhere, Put, Table, swap
from doorward.ports import Changed, Feed, Revision, Storage
from doorward.testing.clock import FakeClock
from doorward.testing.contract.fixtures import ContractFixtures
from doorward.testing.contract.process import Child
from doorward.testing.contract.records import ENTRIES, ITEMS, MARKS, Entry, Item, Mark

START = Revision(0)
PUT: dict[str, Table[Any]] = {"contract_items": ITEMS, "contract_marks": MARKS}


class Replica:
    """A follower that is nothing but what the feed told it."""

    def __init__(self) -> None:
        self.seen = START
        self.rows: dict[tuple[Any, ...], Any] = {}

    def follow(self, feed: Feed) -> None:
        """Apply all that is new."""
        for change in feed.since(self.seen) or ():
            assert change.revision == self.seen + 1
            self.seen = change.revision
            self._apply(change, feed)

    def _apply(self, change: Changed, feed: Feed) -> None:
        if change.kind == "relate":
            self.rows[change.table, *change.key] = change.relation
        elif change.kind == "put":
            self.rows[change.table, *change.key] = feed.row(PUT[change.table], *change.key)
        else:
            self.rows.pop((change.table, *change.key), None)


def everything(feed: Feed) -> dict[tuple[Any, ...], Any]:
    """What a follower should have, read anew."""
    watched: tuple[Any, ...] = (RELATIONS, ITEMS, MARKS)
    return {(table.name, *table.key_of(row)): row for table in watched for row in feed.rows(table)}


class FeedContract(ContractFixtures):
    """changes, feed."""

    async def test_it_tells_of_what_is_watched_in_order(self, storage: Storage) -> None:
        item, relation = Item("a", "na"), Relation("o:1", "r", "u:1")
        await storage.commit([Add(ITEMS, item), Add(ENTRIES, Entry("b", 1)), Relate(relation)])
        await storage.commit([swap(ITEMS, item, count=1), Put(MARKS, Mark(b"\0m"))])
        await storage.commit([Unrelate(relation), Delete(ITEMS, ("a",)), Delete(ITEMS, ("none",))])
        await storage.commit([DeleteWhere(MARKS, {"key": b"\0m"}), Unrelate(relation)])
        told = await storage.changes(START)
        assert told is not None
        assert [(change.kind, change.table, change.key) for change in told] == [
            ("put", ITEMS.name, ("a",)),
            ("relate", RELATIONS.name, RELATIONS.key_of(relation)),
            ("put", ITEMS.name, ("a",)),
            ("put", MARKS.name, (b"\0m",)),
            ("unrelate", RELATIONS.name, RELATIONS.key_of(relation)),
            ("delete", ITEMS.name, ("a",)),
            ("delete", MARKS.name, (b"\0m",)),
        ]
        assert [change.revision for change in told] == list(range(1, 8))
        assert storage.feed().since(START) == told

    async def test_the_marker_moves_with_every_commit_of_anyone(self, storage: Storage, second: Storage) -> None:
        feed = storage.feed()
        marker = feed.marker()
        assert feed.marker() == marker
        for writer in (storage, second, storage):
            await writer.commit([Put(ENTRIES, Entry("b", 1))])
            list(feed.rows(ITEMS))
            assert feed.marker() != marker
            marker = feed.marker()
        assert feed.marker() == marker

    async def test_an_unfinished_walk_through_rows_does_not_stop_the_marker(self, storage: Storage) -> None:
        await storage.commit([Add(MARKS, Mark(n.to_bytes(2, "big"))) for n in range(3000)])
        feed = storage.feed()
        walk = feed.rows(MARKS)
        next(walk)
        marker = feed.marker()
        await storage.commit([Put(ENTRIES, Entry("b", 1))])
        assert feed.marker() != marker
        assert sum(1 for _ in walk) == 2999

    async def test_a_batch_is_never_cut_in_two(self, storage: Storage) -> None:
        for start in range(0, 30, 10):
            await storage.commit([Put(MARKS, Mark(bytes([start + n]))) for n in range(10)])
        for limit, length in ((1, 10), (10, 10), (11, 20), (25, 30), (1000, 30)):
            told = await storage.changes(START, limit)
            assert told is not None
            assert len(told) == length

    async def test_it_is_short_of_nothing_or_says_so(self, storage: Storage, clock: FakeClock) -> None:
        assert await storage.changes(START) == []
        first = await storage.commit([Put(MARKS, Mark(b"1"))])
        clock.advance(86_400 * 30)
        second = await storage.commit([Put(MARKS, Mark(b"2"))])
        while await storage.sweep():
            pass
        assert await storage.changes(START) is None
        told = await storage.changes(first)
        assert told is not None
        assert [change.key for change in told] == [(b"2",)]
        clock.advance(86_400 * 30)
        while await storage.sweep():
            pass
        assert await storage.changes(first) is None
        assert await storage.changes(second) == []
        assert await storage.changes(Revision(second + 1)) is None
        assert storage.feed().since(START) is None
        assert await storage.commit([Put(MARKS, Mark(b"3"))]) > second

    async def test_lost_batches_leave_no_entry_and_no_gap(self, storage: Storage) -> None:
        await storage.commit([Add(ITEMS, Item("a", "na"))])

        async def one(number: int) -> None:
            name = "na" if number % 3 else f"n{number}"  # two of three are lost
            with pytest.raises(Conflict) if number % 3 else _fine():
                await storage.commit([Put(MARKS, Mark(b"m")), Add(ITEMS, Item(f"i{number}", name))])

        await asyncio.gather(*(one(number) for number in range(60)))
        replica, feed = Replica(), storage.feed()
        replica.follow(feed)
        assert replica.seen == feed.revision() == 1 + 2 * 20
        assert replica.rows == everything(feed)

    async def test_it_is_complete_and_in_order_across_connections_and_processes(
        self, storage: Storage, second: Storage, location: str
    ) -> None:
        feed, replica = storage.feed(), Replica()
        dice = random.Random(7)  # noqa: S311 - not for secrets
        children = [Child(self.adapter, location, "writes", str(seed), "60") for seed in range(2)]
        with children[0], children[1]:
            while any(child.running() for child in children):
                writer = dice.choice((storage, second))
                relation = Relation(f"o:{dice.randrange(5)}", "r", f"u:{dice.randrange(5)}")
                await writer.commit([dice.choice((Relate, Unrelate))(relation), Put(MARKS, Mark(b"m"))])
                replica.follow(feed)
        replica.follow(feed)
        assert [child.wait() for child in children] == [0, 0]
        assert replica.seen == feed.revision()
        assert replica.rows == everything(feed)


class _fine:  # noqa: N801 - reads like pytest.raises beside it
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass
