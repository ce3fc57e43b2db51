"""The relation index on a real database: own and other processes' writes, failure, expiry, followers, threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.core.access.dsl import parse
from doorward.core.access.relation import Relation
from doorward.core.errors import Unavailable
from doorward.core.instant import Seconds, after
from doorward.core.outcome import Relate, Unrelate, keep
from doorward.core.settings import Settings
from doorward.core.table import Add, Table, Value
from doorward.domain.roles.records import ROLES, Role
from doorward.engine import RelationIndex
from doorward.ports import Changed, Feed, R, Revision, World
from doorward.testing import FakeClock, open_world

pytestmark = pytest.mark.anyio

ROW = Relation("doc:1", "viewer", "user:ann")
MODEL = parse("model\n  schema 1.1\ntype user\ntype doc\n  relations\n    define viewer: [user]\n")


async def test_own_writes_are_seen_at_once(world: World) -> None:
    before = world.relations.refresh()
    await world.commit(keep(None, Relate(ROW)))
    assert world.relations.refresh() > before
    assert world.relations.holds("doc:1", "viewer", "user:ann")
    assert list(world.relations.subjects("doc:1", "viewer")) == ["user:ann"]
    assert list(world.relations.held("user:ann")) == [("doc:1", "viewer")]
    assert world.relations.check(MODEL, "doc:1", "viewer", "user:ann").allowed
    await world.commit(keep(None, Unrelate(ROW)))
    world.relations.refresh()
    assert not world.relations.holds("doc:1", "viewer", "user:ann")


async def test_the_first_read_loads(world: World) -> None:
    await world.storage.commit([Relate(ROW)])
    assert world.relations.holds("doc:1", "viewer", "user:ann")


async def test_stores_are_apart(world: World) -> None:
    await world.commit(keep(None, Relate(replace(ROW, store="other"))))
    world.relations.refresh()
    assert not world.relations.holds("doc:1", "viewer", "user:ann")
    assert world.relations.holds("doc:1", "viewer", "user:ann", "other")
    assert not world.relations.check(MODEL, "doc:1", "viewer", "user:ann").allowed
    assert world.relations.check(MODEL, "doc:1", "viewer", "user:ann", "other").allowed


async def test_another_process_is_seen_at_the_next_refresh(tmp_path: Path, clock: FakeClock) -> None:
    one = await open_world(tmp_path / "doorward.db", clock=clock)
    two = await open_world(tmp_path / "doorward.db", clock=clock)
    one.relations.refresh()
    await two.commit(keep(None, Relate(ROW)))
    one.relations.refresh()
    assert one.relations.holds("doc:1", "viewer", "user:ann")
    await two.commit(keep(None, Unrelate(ROW)))
    one.relations.refresh()
    assert not one.relations.holds("doc:1", "viewer", "user:ann")
    await one.storage.close()
    await two.storage.close()


async def test_with_freshness_others_are_seen_after_20_ms_and_own_writes_at_once(
    tmp_path: Path, clock: FakeClock
) -> None:
    settings = Settings(public_url="https://auth.example.com", freshness=Seconds(1))
    one = await open_world(tmp_path / "doorward.db", clock=clock, settings=settings)
    two = await open_world(tmp_path / "doorward.db", clock=clock)
    one.relations.refresh()
    await two.commit(keep(None, Relate(ROW)))
    one.relations.refresh()
    assert not one.relations.holds("doc:1", "viewer", "user:ann")
    await one.commit(keep(None, Relate(replace(ROW, object="doc:2"))))
    one.relations.refresh()
    assert one.relations.holds("doc:2", "viewer", "user:ann")
    await two.commit(keep(None, Unrelate(ROW)))
    one.relations.refresh()
    assert one.relations.holds("doc:1", "viewer", "user:ann")
    clock.advance(1)
    one.relations.refresh()
    assert not one.relations.holds("doc:1", "viewer", "user:ann")
    await one.storage.close()
    await two.storage.close()


async def test_a_row_ends_when_its_time_is_up(world: World, clock: FakeClock) -> None:
    await world.commit(keep(None, Relate(replace(ROW, expires=after(clock.now(), Seconds(10))))))
    world.relations.refresh()
    assert world.relations.check(MODEL, "doc:1", "viewer", "user:ann").allowed
    clock.advance(10)
    assert not world.relations.holds("doc:1", "viewer", "user:ann")
    assert not list(world.relations.subjects("doc:1", "viewer"))
    assert not list(world.relations.held("user:ann"))
    assert not world.relations.check(MODEL, "doc:1", "viewer", "user:ann").allowed


async def test_a_row_with_a_condition_gives_nothing_and_ends_the_one_without(world: World) -> None:
    await world.commit(keep(None, Relate(ROW)))
    await world.commit(keep(None, Relate(replace(ROW, condition="late"))))
    world.relations.refresh()
    assert not world.relations.holds("doc:1", "viewer", "user:ann")


class Recorder:
    """A follower that keeps what it was told."""

    def __init__(self) -> None:
        self.resets = 0
        self.changes: list[tuple[str, str]] = []
        self.fail = False

    def reset(self, feed: Feed) -> None:
        self.resets += 1
        self.changes = []

    def apply(self, change: Changed, feed: Feed) -> None:
        if self.fail:
            raise RuntimeError("planted")
        self.changes.append((change.kind, change.table))


def _index(world: World) -> RelationIndex:
    assert isinstance(world.relations, RelationIndex)
    return world.relations


async def test_followers_get_every_change_in_order(world: World) -> None:
    follower = Recorder()
    _index(world).follow(follower)
    world.relations.refresh()
    await world.commit(keep(None, Add(ROLES, Role("clerk", ())), Relate(ROW)))
    await world.commit(keep(None, Unrelate(ROW)))
    world.relations.refresh()
    assert follower.resets == 1
    assert follower.changes == [("put", "roles"), ("relate", "relations"), ("unrelate", "relations")]


async def test_after_a_failure_everything_is_read_anew(world: World) -> None:
    follower = Recorder()
    _index(world).follow(follower)
    world.relations.refresh()
    follower.fail = True
    await world.commit(keep(None, Relate(ROW)))
    with pytest.raises(Unavailable) as caught:
        world.relations.refresh()
    assert caught.value.reason == "feed.failed"
    follower.fail = False
    world.relations.refresh()
    assert follower.resets == 2
    assert world.relations.holds("doc:1", "viewer", "user:ann")


class Broken:
    """A feed that fails, or changes under its reader, when it is told to."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.down = False
        self.other_timeline = ""
        self.behind = False
        self.restless = False

    def marker(self) -> int:
        if self.down:
            raise OSError("planted")
        return self.feed.marker()

    def revision(self) -> Revision:
        return self.feed.revision()

    def timeline(self) -> str:
        return self.other_timeline or self.feed.timeline()

    def since(self, after: Revision) -> Sequence[Changed] | None:
        if self.restless:
            return [Changed(after, "put", "roles", ("clerk",))]
        behind, self.behind = self.behind, False
        return None if behind else self.feed.since(after)

    def rows(self, table: Table[R], where: Mapping[str, Value] | None = None) -> Iterator[R]:
        return self.feed.rows(table, where)

    def row(self, table: Table[R], *key: Value) -> R | None:
        return self.feed.row(table, *key)


class Reader(Recorder):
    """A follower that reads a row at each change."""

    def apply(self, change: Changed, feed: Feed) -> None:
        super().apply(change, feed)
        feed.row(ROLES, "clerk")


@pytest.mark.parametrize("freshness", [0, 1])
async def test_a_database_that_does_not_answer_lets_nobody_in(world: World, freshness: int) -> None:
    feed = Broken(world.storage.feed())
    index = RelationIndex(feed, world.clock, Seconds(freshness))
    await world.commit(keep(None, Relate(ROW)))
    assert index.refresh()
    feed.down = True
    if freshness:
        index.wrote(Revision(10_000))
    for _ in range(2):
        with pytest.raises(Unavailable):
            index.refresh()
        with pytest.raises(Unavailable), index.still():
            pass
        with pytest.raises(Unavailable):
            index.holds("doc:1", "viewer", "user:ann")
    feed.down = False
    assert index.holds("doc:1", "viewer", "user:ann")


async def test_a_restored_backup_is_read_anew(world: World) -> None:
    feed, follower = Broken(world.storage.feed()), Recorder()
    index = RelationIndex(feed, world.clock, Seconds(0))
    index.follow(follower)
    index.refresh()
    feed.other_timeline = "restored"
    await world.commit(keep(None, Relate(ROW)))
    index.refresh()
    assert follower.resets == 2
    assert index.holds("doc:1", "viewer", "user:ann")


async def test_a_feed_that_no_longer_reaches_back_is_read_anew(world: World) -> None:
    feed, follower = Broken(world.storage.feed()), Recorder()
    index = RelationIndex(feed, world.clock, Seconds(0))
    index.follow(follower)
    index.refresh()
    await world.commit(keep(None, Relate(ROW)))
    feed.behind = True
    index.refresh()
    assert follower.resets == 2
    assert index.holds("doc:1", "viewer", "user:ann")


async def test_a_state_that_never_stands_still_is_an_error(world: World) -> None:
    feed = Broken(world.storage.feed())
    index = RelationIndex(feed, world.clock, Seconds(0))
    index.follow(Reader())
    index.refresh()
    feed.restless = True
    await world.commit(keep(None, Relate(ROW)))
    with pytest.raises(Unavailable) as caught:
        index.refresh()
    assert caught.value.reason == "feed.behind"


async def test_threads_see_one_state(world: World) -> None:
    """A row moves from one object to another in one batch: no reader may find it on both, or on none."""
    rows = [Relation("doc:a", "viewer", "user:ann"), Relation("doc:b", "viewer", "user:ann")]
    await world.commit(keep(None, Relate(rows[0])))
    world.relations.refresh()
    wrong: list[int] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with world.relations.still():
                count = sum(world.relations.holds(row.object, "viewer", "user:ann") for row in rows)
                if count != 1:
                    wrong.append(count)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(100):
        there, gone = rows[(number + 1) % 2], rows[number % 2]
        await world.commit(keep(None, Unrelate(gone), Relate(there)))
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong
