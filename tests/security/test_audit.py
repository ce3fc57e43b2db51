"""Row 24: what changes the database is recorded, by whom; the record can't change unseen; it holds no secret."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from doorward.app import assemble, close, house
from doorward.core.audit import AUDIT_EVENTS
from doorward.domain.audit.flow import seal, verify_chain
from doorward.ports import World
from doorward.testing import FakeClock, open_world
from tests.administration import SAMPLES, Calls, browser, fields_of, furnish
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

OPERATIONS = {operation.name: operation for operation in house().operations if operation.method != "GET"}
SILENT = {"doorward_audit_events", "doorward_audit_heads", "doorward_changes", "sqlite_sequence"}
"""The record itself, and what follows from a change."""


@pytest.fixture
async def office(tmp_path: Path, clock: FakeClock) -> AsyncIterator[tuple[World, dict[str, str], httpx.AsyncClient]]:
    world = await open_world(tmp_path / "audited.db", clock=clock)
    application = await assemble(world)
    ids = await furnish(world)
    async with browser(application) as http:
        yield world, ids, http
    await close(world)


def contents(path: Path) -> dict[str, list[Any]]:
    """Every row of every table that a change may touch."""
    connection = sqlite3.connect(path)
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names if name not in SILENT}
    finally:
        connection.close()


def silent(before: dict[str, list[Any]], after: dict[str, list[Any]], events: int) -> bool:
    """Whether something changed and nobody wrote it down."""
    return before != after and events == 0


async def counted(world: World) -> int:
    return int((await world.storage.read("SELECT count(*) FROM {audit_events}"))[0][0])


async def test_every_change_is_recorded(
    office: tuple[World, dict[str, str], httpx.AsyncClient], tmp_path: Path
) -> None:
    """Each operation once, on one installation; those that take away come last."""
    world, ids, http = office
    admin = Calls(http, ids["admin"])
    missed, changed, caught = [], 0, 0
    order = sorted(OPERATIONS, key=lambda name: (name.startswith(("delete", "remove", "end", "revoke")), name))
    for name in order:
        before, events = contents(tmp_path / "audited.db"), await counted(world)
        answer = await admin(OPERATIONS[name], fields_of(name, ids))
        assert answer.status_code < 500, f"{name}: {answer.text}"
        after = contents(tmp_path / "audited.db")
        changed += before != after
        if silent(before, after, await counted(world) - events):
            missed.append(name)
        if not caught and silent(before, after, 0):  # planted: this one's events are not counted
            caught = changed
    assert changed >= len(OPERATIONS) * 2 // 3, "too few samples change anything to prove it"
    figures.record(24, "changes by an administrator", changed, len(missed), f"a change without an event: {caught}")
    assert caught == 1
    assert missed == []


async def test_no_change_of_the_record_goes_unseen(
    office: tuple[World, dict[str, str], httpx.AsyncClient], tmp_path: Path
) -> None:
    """Each column of some events set to something else, and some events deleted, one at a time."""
    world, ids, http = office
    admin = Calls(http, ids["admin"])
    for name in ("create_user", "create_group", "put_role"):
        await admin(OPERATIONS[name], fields_of(name, ids))
    await seal(world)
    assert await verify_chain(world)
    columns = [column for column in AUDIT_EVENTS.record.__dataclass_fields__ if column != "id"]
    rows = [row[0] for row in await world.storage.read("SELECT id FROM {audit_events} ORDER BY id")]
    connection = sqlite3.connect(tmp_path / "audited.db", isolation_level=None)
    unseen = tried = 0
    for id in (rows[0], rows[len(rows) // 2], rows[-1]):
        kept = connection.execute("SELECT * FROM doorward_audit_events WHERE id = ?", (id,)).fetchone()
        places = ", ".join("?" * len(kept))
        for column in (*columns, None):
            if column is None:
                connection.execute("DELETE FROM doorward_audit_events WHERE id = ?", (id,))
            else:
                other = '{"a":1}' if column == "data" else 1 if column == "at" else "another"
                connection.execute(f"UPDATE doorward_audit_events SET {column} = ? WHERE id = ?", (other, id))
            tried += 1
            unseen += bool(await verify_chain(world))
            connection.execute("DELETE FROM doorward_audit_events WHERE id = ?", (id,))
            connection.execute(f"INSERT INTO doorward_audit_events VALUES ({places})", kept)
    connection.close()
    assert await verify_chain(world), "put back as it was, it is whole"
    figures.record(24, "changes of the record itself", tried, unseen, "the untouched record is whole: 1")


async def test_the_record_holds_no_secret(
    office: tuple[World, dict[str, str], httpx.AsyncClient], tmp_path: Path
) -> None:
    """Every secret that a request sent or an answer showed, looked for in every event."""
    world, ids, http = office
    admin = Calls(http, ids["admin"])
    secrets = [ids[name] for name in ("admin", "nobody", "cookie", "client_secret")]
    for name in ("create_user", "set_password", "create_client", "rotate_client_secret", "create_api_key"):
        answer = await admin(OPERATIONS[name], fields_of(name, ids))
        secrets += [str(value) for key, value in SAMPLES[name].fields.items() if key == "password"]
        if answer.content:
            secrets += [value for key, value in answer.json().items() if key in ("client_secret", "key")]
    await http.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=("books", "a-guess-at-it"))
    secrets.append("a-guess-at-it")
    rows = await world.storage.read("SELECT * FROM {audit_events}")
    text = "\n".join(repr(row) for row in rows)
    found = [secret for secret in secrets if secret in text]
    assert "carol" in text, "what is no secret is there"
    assert len(secrets) >= 9
    figures.record(24, "secrets in the record", len(rows), len(found), "the name beside them is found: 1")
