"""A refusal that must leave a trace leaves it: the counter, the event, the session that dies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from doorward.core.audit import AUDIT_EVENTS, Caller
from doorward.core.errors import DoorwardError
from doorward.core.outcome import Outcome
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.records import User
from doorward.domain.credentials.flow import enrol, verify
from doorward.domain.credentials.records import ATTEMPTS
from doorward.domain.lifecycle import flow as lifecycle
from doorward.ports import World
from doorward.testing import FakeClock, open_world
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
WRONG = "seven hungry otters juggle"


async def _verify(world: World, ann: User) -> object:
    return await verify(world, "ann", WRONG)


async def _sign_in(world: World, ann: User) -> object:
    return await lifecycle.sign_in(world, "ann", WRONG)


async def _sign_in_over_another(world: World, ann: User) -> object:
    return await lifecycle.sign_in(world, "ann", WRONG, replaces="ses_other")


async def _change_password(world: World, ann: User) -> object:
    return await lifecycle.change_password(world, ann, WRONG, WRONG + " and more")


REFUSALS: dict[str, Callable[[World, User], Awaitable[object]]] = {
    "verify": _verify,
    "sign in": _sign_in,
    "sign in over another session": _sign_in_over_another,
    "change password": _change_password,
}


async def traces(world: World) -> tuple[int, int]:
    """(attempts counted against the one name that is tried, refusals in the record)."""
    rows = [row for row in await world.storage.page(ATTEMPTS) if row.key.startswith("account:")]
    assert len(rows) <= 1
    events = [e for e in await world.storage.page(AUDIT_EVENTS, limit=1000) if e.action == "sign_in.refuse"]
    return sum(row.count for row in rows), len(events)


async def lost(world: World, ann: User, act: Callable[[World, User], Awaitable[object]], times: int) -> int:
    """How many of `times` refusals left no counter or no event. The eleventh and later are throttled: an event only."""
    missing = 0
    for number in range(1, times + 1):
        before = await traces(world)
        with pytest.raises(DoorwardError) as refused:
            await act(world, ann)
        after = await traces(world)
        expected = (before[0] + (number <= 10), before[1] + 1)
        missing += after != expected
        assert refused.value.recorded or expected != after
    return missing


@pytest.mark.parametrize("name", REFUSALS)
async def test_every_refusal_is_kept(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    world = await open_world(tmp_path / "doorward.db", clock=clock)
    here = world.on_behalf_of(Caller(address="192.0.2.1", request="req_1"))
    ann = await enrol(here, username="ann", password=PASSWORD)
    through = await lost(here, ann, REFUSALS[name], 13)
    kept = await traces(here)
    await world.storage.close()
    world = await open_world(tmp_path / "doorward.db", clock=clock)
    here = world.on_behalf_of(Caller(address="192.0.2.1", request="req_1"))
    through += await traces(here) != kept
    event = (await world.storage.page(AUDIT_EVENTS, descending=True, limit=1))[0]
    assert (event.actor, event.target, event.address, event.request) == ("anonymous", ann.subject, "192.0.2.1", "req_1")

    async def raising(self: World, outcome: Outcome[Any]) -> Any:
        """The planted weakness: a refusal is raised before its changes are kept."""
        if outcome.error is not None:
            raise outcome.error
        return await real(self, outcome)

    real = World.commit
    clock.advance(3600)
    monkeypatch.setattr(World, "commit", raising)
    with pytest.raises(DoorwardError):
        await REFUSALS[name](here, ann)
    assert (await traces(here))[1] == kept[1]
    await world.storage.close()
    figures.record(
        30, f"refusals of {name} read back, and after a restart", 14, through, "a raise before the commit, after 1"
    )


async def test_a_name_that_nobody_has_is_counted_and_recorded(world: World) -> None:
    for number in range(1, 14):
        with pytest.raises(DoorwardError):
            await verify(world, "nobody", WRONG)
        assert await traces(world) == (min(number, 10), number)
    events = await world.storage.page(AUDIT_EVENTS)
    assert not any("nobody" in repr(event) or WRONG in repr(event) for event in events)


async def test_a_success_is_kept_with_its_event(world: World) -> None:
    await enrol(world, username="ann", password=PASSWORD)
    with pytest.raises(DoorwardError):
        await verify(world, "ann", WRONG)
    session, _ = await lifecycle.sign_in(world, "ann", PASSWORD)
    assert (await traces(world))[0] == 0
    [event] = [e for e in await world.storage.page(AUDIT_EVENTS) if e.action == "session.start"]
    assert (event.outcome, event.data["session"]) == ("ok", session.id)


async def test_no_secret_is_in_the_record(world: World) -> None:
    ann = await enrol(world, username="ann", password=PASSWORD)
    _, secret = await lifecycle.sign_in(world, "ann", PASSWORD)
    await lifecycle.change_password(world, ann, PASSWORD, WRONG)
    await lifecycle.reset_password(world, ann, PASSWORD + " again")
    await create_user(world, username="ben")
    record = repr(await world.storage.page(AUDIT_EVENTS))
    assert not any(canary in record for canary in (PASSWORD, WRONG, secret, "argon2"))
