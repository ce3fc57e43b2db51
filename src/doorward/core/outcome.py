"""What a rule returns: the changes to keep, and a reply or an error.

INVARIANT: a refusal keeps its changes too (a failure counter, a family that dies). A rule therefore never raises to
refuse; it returns `refuse(error, *changes)`, the flow commits the changes and raises afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from doorward.core.access.relation import Relation
from doorward.core.errors import DoorwardError
from doorward.core.table import Add, Delete, DeleteWhere, Expect, Put, Swap

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Relate:
    """Write a relation row. Writing one that exists replaces its condition, context and expiry."""

    relation: Relation


@dataclass(frozen=True, slots=True)
class Unrelate:
    """Delete the row with this relation's store, object, relation and subject. Nothing happens if there is none.
    With `required`, the batch is lost (`LostRace`) unless the row was there."""

    relation: Relation
    required: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something to audit: `action` as `noun.verb` (`user.create`, `sign_in.refuse`), on `target` as `type:id`.

    `reason` is a slug when it was refused. `data` is small, JSON and free of secrets. Who did it, from where and when
    is added when it is committed.
    """

    action: str
    target: str
    outcome: str = "ok"  # ok | refused
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)


Change: TypeAlias = (
    Put[Any] | Add[Any] | Swap[Any] | Expect[Any] | Delete[Any] | DeleteWhere[Any] | Relate | Unrelate | Event
)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """Changes to commit as one batch, then `reply`, or `error` to raise. Made by `keep` and `refuse`."""

    changes: tuple[Change, ...]
    reply: T | None = None
    error: DoorwardError | None = None


def keep(reply: T, *changes: Change) -> Outcome[T]:
    """The changes are committed, then the reply is returned."""
    return Outcome(changes, reply=reply)


def refuse(error: DoorwardError, *changes: Change) -> Outcome[Any]:
    """The changes are committed, then the error is raised."""
    return Outcome(changes, error=error)
