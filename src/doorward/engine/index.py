"""The relation index: every store's rows in memory, kept equal to the database by following its change feed.

A follower remembers a revision and a timeline. Catching up asks the feed what came since; when the feed no longer
reaches back, or the timeline is another one (a backup was restored), everything is read anew. Whoever follows the
index (the catalogue, a cache of verified tokens) gets the same changes in the same order.

Roles and users are read by key when they change, at a moment that may be later than the change. The index therefore
goes round again until a round has read nothing: what is then seen is one state of the database.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from doorward.core.access import walk
from doorward.core.access.model import Model
from doorward.core.access.relation import DEFAULT_STORE, RELATIONS
from doorward.core.errors import DoorwardError, Unavailable
from doorward.core.instant import Instant, Seconds
from doorward.core.table import Table, Value
from doorward.engine.rows import StoreRows
from doorward.ports import Changed, Clock, Feed, Follower, Revision

R = TypeVar("R")

POLL = 20_000
"""Microseconds between two looks at the database, at most, when a stale answer is allowed."""
ROUNDS = 20
"""How often the state may change under a reader before it gives up."""


class RelationIndex:
    """Implements ports.Relations over a Feed. Thread-safe: one lock, held while catching up, reading and checking.

    `freshness` 0 asks the database at every refresh; else at most every 20 ms. Own writes are seen at once. When the
    feed fails, Unavailable is raised and everything is read anew the next time: nothing is answered from a guess.
    """

    def __init__(self, feed: Feed, clock: Clock, freshness: Seconds) -> None:
        self._feed, self._clock = feed, clock
        self._interval = 0 if freshness <= 0 else min(POLL, freshness * 1_000_000)
        self._lock, self._writes = threading.RLock(), threading.Lock()
        self._stores: dict[str, StoreRows] = {}
        self._followers: list[Follower] = []
        self._loaded = False
        self._timeline = ""
        self._marker = 0
        self._revision = Revision(0)
        self._wanted = Revision(0)
        self._looked = Instant(0)
        self._held = 0  # how many times it is held still, one within the other

    def follow(self, follower: Follower) -> None:
        """Keep this one current too, from now on."""
        with self._lock:
            self._followers.append(follower)
            self._loaded = False

    def wrote(self, revision: Revision) -> None:
        """See ports.Relations."""
        with self._writes:
            self._wanted = max(self._wanted, revision)

    def refresh(self) -> Revision:
        """Catch up, unless it is held still. Unavailable when the database doesn't answer."""
        with self._lock:
            if not self._held and self._due():
                try:
                    self._catch_up()
                except Exception as error:
                    self._loaded = False  # INVARIANT: after a failure nothing half-applied is trusted
                    if isinstance(error, DoorwardError):
                        raise
                    raise Unavailable("the relations can't be followed", reason="feed.failed") from error
            return self._revision

    def still(self) -> _Still:
        """See ports.Relations."""
        return _Still(self, self._lock)

    def subjects(self, object: str, relation: str, store: str = DEFAULT_STORE) -> Sequence[str]:
        """See ports.Relations."""
        with self._lock:
            return self._store(store).subjects(object, relation)

    def holds(self, object: str, relation: str, subject: str, store: str = DEFAULT_STORE) -> bool:
        """See ports.Relations."""
        with self._lock:
            return self._store(store).holds(object, relation, subject)

    def held(
        self, subject: str, store: str = DEFAULT_STORE, *, relation: str | None = None
    ) -> Sequence[tuple[str, str]]:
        """See ports.Relations."""
        with self._lock:
            return self._store(store).held(subject, relation)

    def check(
        self, model: Model, object: str, relation: str, subject: str, store: str = DEFAULT_STORE
    ) -> walk.Resolution:
        """See ports.Relations. Invalid for what the model doesn't know; TooComplex at the limit."""
        with self._lock:
            return walk.check(model, self._store(store), object, relation, subject)

    def _store(self, store: str) -> StoreRows:
        if not self._loaded:
            self.refresh()
        rows = self._stores.get(store)
        return StoreRows(self._clock.now) if rows is None else rows

    def _due(self) -> bool:
        if not self._loaded or self._wanted > self._revision:
            return True
        if self._interval == 0:
            return self._feed_moved()
        return not 0 <= self._clock.now() - self._looked < self._interval and self._feed_moved()

    def _feed_moved(self) -> bool:
        self._looked = self._clock.now()
        try:
            return self._feed.marker() != self._marker
        except Exception as error:
            self._loaded = False
            raise Unavailable("the relations can't be followed", reason="feed.failed") from error

    def _catch_up(self) -> None:
        for _ in range(ROUNDS):
            feed = _NotedFeed(self._feed)
            marker = self._feed.marker()  # read first: a commit from here on makes it differ again
            changes = self._since()
            if changes is None:
                self._reload(feed)
            else:
                for change in changes:
                    self._apply(change, feed)
            if not feed.read:
                self._marker, self._looked = marker, self._clock.now()
                return
        raise Unavailable("the database changes faster than it can be followed", reason="feed.behind")

    def _since(self) -> Sequence[Changed] | None:
        """What came behind the revision seen, counting it as seen; None when all must be read anew."""
        timeline, revision = self._feed.timeline(), self._feed.revision()
        if not self._loaded or timeline != self._timeline:
            with self._writes:  # revisions of another timeline say nothing about this one
                self._wanted = self._wanted if timeline == self._timeline else revision
            self._timeline = timeline
            return None
        changes = self._feed.since(self._revision)
        if changes is not None:
            self._revision = max(revision, changes[-1].revision) if changes else revision
        return changes

    def _reload(self, feed: Feed) -> None:
        self._revision = feed.revision()
        stores: dict[str, StoreRows] = {}
        for row in feed.rows(RELATIONS):
            stores.setdefault(row.store, StoreRows(self._clock.now)).put(row)
        self._stores = stores
        for follower in self._followers:
            follower.reset(feed)
        self._loaded = True

    def _apply(self, change: Changed, feed: Feed) -> None:
        row = change.relation
        if row is not None:
            rows = self._stores.setdefault(row.store, StoreRows(self._clock.now))
            if change.kind == "relate":
                rows.put(row)
            else:
                rows.drop(row)
        for follower in self._followers:
            follower.apply(change, feed)


class _Still:
    """The index held still. A class and not a generator: it stands in the path of every decision."""

    __slots__ = ("_index", "_lock")

    def __init__(self, index: RelationIndex, lock: threading.RLock) -> None:
        self._index, self._lock = index, lock

    def __enter__(self) -> Revision:
        index = self._index
        self._lock.acquire()
        try:
            revision = index._revision if index._held else index.refresh()
        except BaseException:
            self._lock.release()
            raise
        index._held += 1  # INVARIANT: until it is let go, nothing this thread calls moves it
        return revision

    def __exit__(self, *raised: object) -> None:
        self._index._held -= 1
        self._lock.release()


class _NotedFeed:
    """A feed that notes whether rows were read through it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.read = False

    def marker(self) -> int:
        return self._feed.marker()

    def revision(self) -> Revision:
        return self._feed.revision()

    def timeline(self) -> str:
        return self._feed.timeline()

    def since(self, after: Revision) -> Sequence[Changed] | None:
        return self._feed.since(after)

    def rows(self, table: Table[R], where: Mapping[str, Value] | None = None) -> Iterator[R]:
        self.read = True
        return self._feed.rows(table, where)

    def row(self, table: Table[R], *key: Value) -> R | None:
        self.read = True
        return self._feed.row(table, *key)
