"""What was done: by whom, to what, when; and the events behind one decision."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import msgspec

from doorward.core.audit import AUDIT_EVENTS, AuditEvent
from doorward.core.errors import NotFound
from doorward.core.instant import Instant
from doorward.core.table import Value
from doorward.ports import World

_COLUMNS = [field.name for field in fields(AuditEvent)]
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM {{audit_events}}"  # noqa: S608  # columns of ours only


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events: each given part must hold. `action` may end in `.` for all of a noun; `until` is not included."""

    actor: str = ""
    target: str = ""
    action: str = ""
    outcome: str = ""
    decision: str = ""
    request: str = ""
    since: Instant | None = None
    until: Instant | None = None


EVERYTHING = AuditFilter()


async def events(
    world: World, wanted: AuditFilter = EVERYTHING, *, before: str = "", limit: int = 100
) -> list[AuditEvent]:
    """Up to `limit` events, newest first, older than the event with the id `before`."""
    clauses, parameters = _conditions(wanted)
    if before:
        parameters.append(before)
        clauses.append(f"id < ${len(parameters)}")
    where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
    parameters.append(limit)
    return await _read(world, f"{_SELECT}{where} ORDER BY id DESC LIMIT ${len(parameters)}", parameters)


async def event(world: World, id: str) -> AuditEvent:
    """The event with this id, or NotFound `event.unknown`."""
    found = await world.storage.get(AUDIT_EVENTS, id)
    if found is None:
        raise NotFound("there is no such event", reason="event.unknown")
    return found


async def decision(world: World, id: str) -> AuditEvent:
    """The event that recorded the decision `dec_…`: its `data` holds permission, reason and trace.

    NotFound `decision.unknown`. Does NOT find decisions that no event tells of: most allows are not recorded.
    """
    found = await events(world, AuditFilter(decision=id), limit=1) if id else []
    if not found:
        raise NotFound(
            f"no decision `{id[:80]}` is recorded",
            reason="decision.unknown",
            hint="ask anew with `doorward check`: it decides on what is so now",
        )
    return found[0]


async def unsealed(world: World, *, limit: int) -> list[AuditEvent]:
    """Events that wait for their seal, oldest first."""
    return await _read(world, f"{_SELECT} WHERE seal = '' ORDER BY id LIMIT $1", [limit])


async def sealed(world: World, *, after: str, limit: int = 500) -> list[AuditEvent]:
    """Sealed events in the order of the chain, behind the seal `after`."""
    return await _read(world, f"{_SELECT} WHERE seal > $1 ORDER BY seal, id LIMIT $2", [after, limit])


async def waiting(world: World) -> int:
    """How many events are not sealed yet."""
    [[count]] = await world.storage.read("SELECT count(*) FROM {audit_events} WHERE seal = ''")
    return int(count)


def _conditions(wanted: AuditFilter) -> tuple[list[str], list[Value]]:
    clauses: list[str] = []
    parameters: list[Value] = []

    def add(clause: str, value: Value) -> None:
        parameters.append(value)
        clauses.append(clause.replace("?", f"${len(parameters)}"))

    for column in ("actor", "target", "outcome", "decision", "request"):
        if value := getattr(wanted, column):
            add(f"{column} = ?", value)
    if wanted.action.endswith("."):
        add("action >= ?", wanted.action)
        add("action < ?", wanted.action[:-1] + "/")  # the character after the full stop
    elif wanted.action:
        add("action = ?", wanted.action)
    if wanted.since is not None:
        add("at >= ?", wanted.since)
    if wanted.until is not None:
        add("at < ?", wanted.until)
    return clauses, parameters


async def _read(world: World, statement: str, parameters: list[Value]) -> list[AuditEvent]:
    return [_event(row) for row in await world.storage.read(statement, parameters)]


def _event(row: tuple[Any, ...]) -> AuditEvent:
    columns = dict(zip(_COLUMNS, row, strict=True))
    columns["data"] = msgspec.json.decode(columns["data"])
    return AuditEvent(**columns)
