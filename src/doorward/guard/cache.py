"""Verified tokens, remembered until they expire or anything they rest on changes.

Verifying a signature costs a hundred microseconds, a look-up here about two. What is remembered is who the caller is,
never what they may do. Every entry names the rows it rests on (its revocation, family, user, client, API key, signing
key); the cache follows the change feed and forgets an entry with the first change to any of them.

INVARIANT: an entry is never made from a read that is older than a change already heard. A verification begins with a
Ticket, which collects the changes heard meanwhile; `put` drops the result if one of them concerns it.
"""

from __future__ import annotations

import hashlib
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

from doorward.core.instant import Instant
from doorward.core.principal import Principal
from doorward.core.table import Value
from doorward.ports import Changed, Feed

Dependency: TypeAlias = tuple[str, tuple[Value, ...]]
"""A row by its table's name and primary key."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A verified credential: the caller, and the rows whose change ends it."""

    principal: Principal
    rests_on: frozenset[Dependency]


@dataclass(slots=True, eq=False, weakref_slot=True)
class Ticket:
    """One verification under way, and what changed meanwhile."""

    changed: set[Dependency] = field(default_factory=set)
    void: bool = False


def fingerprint(token: str, audience: str | None) -> bytes:
    """The key of an entry: SHA-256 of the token and the audience it was verified for. No secret is kept."""
    return hashlib.sha256(f"{audience or ''}\0{token}".encode()).digest()


class TokenCache:
    """At most `size` entries; the longest unused goes first. A ports.Follower. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[bytes, Proven] = OrderedDict()
        self._resting: dict[Dependency, set[bytes]] = {}
        self._tickets: weakref.WeakSet[Ticket] = weakref.WeakSet()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, now: Instant) -> Principal | None:
        """The caller, or None when the token must be verified: it is unknown here, or has expired.

        Does NOT look for changes: the relations are refreshed first, which tells every follower.
        """
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            expires = entry.principal.expires
            if expires is not None and expires <= now:
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return entry.principal

    def begin(self) -> Ticket:
        """To be called before a verification reads anything."""
        with self._lock:
            self._tickets.add(ticket := Ticket())
            return ticket

    def put(self, key: bytes, proven: Proven, ticket: Ticket) -> bool:
        """Remember a verification that began with this ticket; False if what it rests on has changed since.

        An entry that rests on nothing could never be revoked and is not kept.
        """
        with self._lock:
            self._tickets.discard(ticket)
            if ticket.void or not proven.rests_on or ticket.changed & proven.rests_on:
                return False
            if key in self._entries:
                self._drop(key)
            self._entries[key] = proven
            for dependency in proven.rests_on:
                self._resting.setdefault(dependency, set()).add(key)
            while len(self._entries) > self._size:
                self._drop(next(iter(self._entries)))
            return True

    def reset(self, feed: Feed) -> None:
        """The feed does not reach back: nothing remembered is known to hold."""
        with self._lock:
            self._entries.clear()
            self._resting.clear()
            for ticket in self._tickets:
                ticket.void = True

    def apply(self, change: Changed, feed: Feed) -> None:
        """Forget every entry that rests on the changed row."""
        if not change.table or change.relation is not None:
            return
        dependency = (change.table, tuple(change.key))
        with self._lock:
            for ticket in self._tickets:
                ticket.changed.add(dependency)
            for key in tuple(self._resting.get(dependency, ())):
                self._drop(key)

    def _drop(self, key: bytes) -> None:
        for dependency in self._entries.pop(key).rests_on:
            keys = self._resting[dependency]
            keys.discard(key)
            if not keys:
                del self._resting[dependency]
