"""What doorward needs of the world, as a page of Protocols, and the World that holds one of each.

Adapters implement them, `app.py` joins them, flows take a World. Nothing here does I/O.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Concatenate, Literal, NewType, ParamSpec, Protocol, TypeVar

from doorward.core.access.model import Model
from doorward.core.access.relation import Relation
from doorward.core.access.walk import Resolution
from doorward.core.audit import AUDIT_EVENTS, AuditEvent, Caller
from doorward.core.audit.refusals import Refusals
from doorward.core.errors import LostRace
from doorward.core.instant import Instant
from doorward.core.jose.algorithms import Algorithm
from doorward.core.outcome import Change, Event, Outcome
from doorward.core.secret import new_id
from doorward.core.settings import Settings
from doorward.core.table import Add, Table, Value

R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")

Revision = NewType("Revision", int)
"""A state of the database: grows with every committed batch. Only comparable within one timeline."""


class Clock(Protocol):
    """The time. Tests pass a FakeClock."""

    def now(self) -> Instant: ...


class Entropy(Protocol):
    """Random bytes fit for secrets."""

    def bytes(self, count: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Verified:
    """A password's verdict. `stale`: it holds, but the hash is weaker than today's and should be made anew."""

    holds: bool
    stale: bool = False

    def __bool__(self) -> bool:
        return self.holds


class Hasher(Protocol):
    """Slow password hashing in a bounded pool. `verify` with hash None does the same work and never holds."""

    async def hash(self, password: str) -> str: ...
    async def verify(self, hash: str | None, password: str) -> Verified: ...


class Keyring(Protocol):
    """The server key: seals secrets that must come back, and derives keys for MACs.

    `place` is (table, row, column): associated data, so a sealed value opens only where it was sealed.
    `open` raises Unavailable when the key is unknown or the value was tampered with.
    """

    def seal(self, plain: bytes, place: tuple[str, str, str]) -> bytes: ...
    def open(self, sealed: bytes, place: tuple[str, str, str]) -> bytes: ...
    def mac(self, purpose: str, message: bytes) -> bytes: ...


class Signer(Protocol):
    """A private key for signing, here or in a KMS. `sign` gives the bytes of a JWS signature: RFC 7515 §5.1."""

    @property
    def kid(self) -> str: ...
    @property
    def algorithm(self) -> Algorithm: ...
    async def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Changed:
    """One entry of the feed. For `relate` and `unrelate` `relation` is the row, else `table` and `key` name it."""

    revision: Revision
    kind: Literal["put", "delete", "relate", "unrelate"]
    table: str
    key: tuple[Value, ...] = ()
    relation: Relation | None = None


class Storage(Protocol):
    """Tables of frozen dataclasses and one all-or-nothing commit. Expired rows are invisible to every read.

    It does not grow with features and is not an ORM.
    """

    async def get(self, table: Table[R], *key: Value) -> R | None:
        """The row with this primary key."""
        ...

    async def find(self, table: Table[R], **columns: Value) -> R | None:
        """The first row whose columns equal these: a unique or a lookup group, or a prefix of one."""
        ...

    async def page(
        self,
        table: Table[R],
        where: Mapping[str, Value] | None = None,
        *,
        after: Sequence[Value] | None = None,
        limit: int = 100,
        descending: bool = False,
    ) -> list[R]:
        """Up to `limit` rows in order of the primary key, beginning behind the key `after`."""
        ...

    async def commit(self, changes: Sequence[Change]) -> Revision:
        """All of it durably, or none. Raises LostRace, Exists, Unavailable. Shielded from cancellation.
        Does NOT accept an Event: World.commit makes rows of them."""
        ...

    async def changes(self, after: Revision, limit: int = 1000) -> list[Changed] | None:
        """The feed behind `after`, in order; None when it no longer reaches back so far: load anew."""
        ...

    async def read(self, statement: str, parameters: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """A read-only statement with `$n` parameters, for `reads.py`. Table names are written `{name}`."""
        ...

    async def sweep(self, limit: int = 1000) -> int:
        """Delete up to `limit` expired rows and old feed entries; how many went."""
        ...

    def feed(self) -> Feed:
        """A synchronous view for a follower in this thread."""
        ...

    async def close(self) -> None: ...


class Feed(Protocol):
    """How a follower reads: synchronously, on a connection of its own."""

    def marker(self) -> int:
        """Cheap (microseconds) and different whenever anything was committed by anyone since it was last asked."""
        ...

    def revision(self) -> Revision: ...
    def timeline(self) -> str: ...
    def since(self, after: Revision) -> Sequence[Changed] | None: ...
    def rows(self, table: Table[R], where: Mapping[str, Value] | None = None) -> Iterator[R]: ...
    def row(self, table: Table[R], *key: Value) -> R | None: ...


class Follower(Protocol):
    """Something kept equal to the database. `reset` reads all anew, `apply` takes one change."""

    def reset(self, feed: Feed) -> None: ...
    def apply(self, change: Changed, feed: Feed) -> None: ...


class Relations(Protocol):
    """The relation index: a consistent, current view of every store's rows, read synchronously.

    Rows that have expired, and rows with a condition, are never seen. Unavailable when the database can't be followed.
    """

    def refresh(self) -> Revision:
        """Catch up as far as the freshness asked for demands; the revision now seen."""
        ...

    def still(self) -> AbstractContextManager[Revision]:
        """Refresh, then hold still: what is read inside is one state, for this thread, in nested holds too.

        Keep it short: others wait. Never await inside: another task of this thread would be held still with it.
        """
        ...

    def wrote(self, revision: Revision) -> None:
        """This process committed a batch: the next refresh sees it, whatever the freshness."""
        ...

    def subjects(self, object: str, relation: str, store: str = ...) -> Iterable[str]:
        """Live unconditioned subjects written on (object, relation)."""
        ...

    def holds(self, object: str, relation: str, subject: str, store: str = ...) -> bool:
        """Whether exactly this row is there. Does NOT follow usersets or the model."""
        ...

    def held(self, subject: str, store: str = ..., *, relation: str | None = None) -> Iterable[tuple[str, str]]:
        """(object, relation) of every live row with exactly this subject (and this relation)."""
        ...

    def check(self, model: Model, object: str, relation: str, subject: str, store: str = ...) -> Resolution:
        """Whether the model and the rows give `subject` this relation, and how."""
        ...


class Catalogue(Protocol):
    """What decisions need besides relations, kept current by the index: roles, permissions, model, who is active.

    Read it inside `relations.still()`, so that it belongs to the same state.
    """

    def declared(self) -> frozenset[str]:
        """Every permission there is, doorward's own among them."""
        ...

    def permissions_of(self, role: str) -> frozenset[str]:
        """What a role gives; empty when there is no such role."""
        ...

    def offered(self) -> Mapping[str, tuple[str, ...]]:
        """The permissions that each resource server declares, by its identifier."""
        ...

    def roles_giving(self, permission: str) -> frozenset[str]:
        """The roles that hold a permission."""
        ...

    def model(self) -> Model | None:
        """The application's model in force, or None when none was written or it can't be read."""
        ...

    def active(self, subject: str) -> bool:
        """Whether the user or service account exists and is not disabled. Anything else is not active."""
        ...

    def known(self, subject: str) -> bool:
        """Whether there is such a user, service account, organization or group (`group:ID`, `group:ID#member`)."""
        ...

    def organization(self, id: str) -> Literal["active", "disabled"] | None:
        """An organization's status; None when there is none."""
        ...

    def name(self, subject: str) -> str:
        """What people call a user or service account; the subject itself when it has no name."""
        ...


@dataclass(frozen=True)
class World:
    """One of each port. Frozen; a request gets its own by `on_behalf_of`."""

    settings: Settings
    storage: Storage
    relations: Relations
    clock: Clock
    entropy: Entropy
    hasher: Hasher
    keyring: Keyring
    catalogue: Catalogue
    caller: Caller = field(default_factory=Caller)
    refusals: Refusals = field(default_factory=Refusals)

    def on_behalf_of(self, caller: Caller) -> World:
        """The same world, whose commits are recorded as this caller's."""
        return replace(self, caller=caller)

    def new_id(self, prefix: str) -> str:
        """A fresh time-ordered id."""
        return new_id(prefix, self.clock.now(), self.entropy.bytes(10))

    async def commit(self, outcome: Outcome[T]) -> T:
        """Save the changes as one batch, events as audit rows among them, then return the reply or raise the error.

        A refusal that changes nothing is recorded within `core.audit.refusals`; beyond it nothing is written.
        """
        if outcome.changes and self._within_budget(outcome.changes):
            self.relations.wrote(await self.storage.commit([self._recorded(change) for change in outcome.changes]))
        if outcome.error is not None:
            outcome.error.recorded = any(isinstance(change, Event) for change in outcome.changes)
            raise outcome.error
        return outcome.reply  # type: ignore[return-value]  # keep() has set it

    def _within_budget(self, changes: Sequence[Change]) -> bool:
        """INVARIANT: what changes anything is always kept, and so is a decision: who records one has seen to it."""
        for change in changes:
            if not isinstance(change, Event) or change.outcome != "refused" or "decision" in change.data:
                return True
        return self.refusals.admit(self.caller.sender, self.clock.now())

    def _recorded(self, change: Change) -> Change:
        if not isinstance(change, Event):
            return change
        who = self.caller
        return Add(
            AUDIT_EVENTS,
            AuditEvent(
                id=self.new_id("evt"),
                at=self.clock.now(),
                actor=who.actor,
                action=change.action,
                target=change.target,
                outcome=change.outcome,
                reason=change.reason,
                credential=who.credential,
                address=who.address,
                agent=who.agent,
                request=who.request,
                decision=change.data.get("decision", ""),
                data=change.data,
            ),
        )


FLOW_RUNS = 3


def flow(
    function: Callable[Concatenate[World, P], Awaitable[T]],
) -> Callable[Concatenate[World, P], Awaitable[T]]:
    """Run the flow again from its first line when a swap or an expectation is lost, three runs at most.

    Hashing a password belongs before the flow, not inside it. The last LostRace escapes as a 409.
    """

    @functools.wraps(function)
    async def run(world: World, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(FLOW_RUNS - 1):
            try:
                return await function(world, *args, **kwargs)
            except LostRace:
                continue
        return await function(world, *args, **kwargs)

    return run
