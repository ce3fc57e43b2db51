"""Row 3: a code opens at most one family, however many redeem it at once, and a second attempt closes that one."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.core.errors import InvalidToken
from doorward.core.instant import Instant
from doorward.core.oauth import pkce
from doorward.core.oauth.request import Consented, Person, Received, trust
from doorward.core.oauth.stages import validate
from doorward.core.outcome import Change, Outcome
from doorward.core.table import Add, Put, Swap
from doorward.domain.clients.flow import update
from doorward.domain.tokens.flow import access_token, verify_access_token
from doorward.domain.tokens.records import FAMILIES
from doorward.features.authorization_code import flow, rules
from doorward.features.authorization_code.records import AUTHORIZATION_CODES, AuthorizationCode
from doorward.testing import FakeClock
from tests.oauth import CALLBACK, RESOURCE, VERIFIER, Party, house, opened, party
from tests.security.figures import figures
from tests.security.redeemers import Process, attempt, in_a_thread, open_again, race

pytestmark = pytest.mark.anyio

FULL = os.environ.get("TESTS_SECURITY") == "full"
TASKS = {2: 6_000, 3: 1_500, 8: 400, 64: 100} if FULL else {2: 40, 3: 10, 8: 5, 64: 2}
THREADS, THREAD_RACES = 4, 400 if FULL else 6
PROCESSES, PROCESS_RACES = (4, 1_600) if FULL else (2, 20)
KILLS = 30 if FULL else 1


@pytest.fixture
async def ann(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Party]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(opened(tmp_path / "doorward.db", clock))
        one = await stack.enter_async_context(party(world, client_id="app"))
        one.client = await update(world, "app", first_party=True)
        yield one


async def codes(ann: Party, count: int) -> list[str]:
    """Fresh codes, as the authorization endpoint issues them."""
    assert ann.session is not None
    parameters = {
        "client_id": "app", "redirect_uri": CALLBACK, "response_type": "code", "scope": "invoice:read",
        "code_challenge": pkce.challenge(VERIFIER), "code_challenge_method": "S256",
    }  # fmt: skip
    asked = Received(parameters, ann.client, "https://auth.example.com", {RESOURCE: ("invoice:read",)})
    person = Person(ann.user.id, ann.session.id, ann.session.auth_time, ann.session.acr)
    consented = Consented(validate(house().steps, trust(asked)), person)
    return [await flow.issue(ann.world, consented, asked=False) for _ in range(count)]


def broken(reasons: Sequence[str]) -> bool:
    """Whether a race let more than one through, or refused for another reason than that the code was used."""
    return reasons.count("ok") > 1 or bool(set(reasons) - {"ok", "code.replayed", "lost_race"})


async def test_many_tasks_at_once(ann: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = through = 0
    for parallel, races in TASKS.items():
        for code in await codes(ann, races):
            reasons = await race(ann.world, ann.client, code, parallel)
            alive = len(await ann.world.storage.page(FAMILIES))
            tried, through = tried + 1, through + (broken(reasons) or alive > 0)
    monkeypatch.setattr(rules, "redeem", unguarded(rules.redeem))
    planted = 1
    for code in await codes(ann, 20):
        if broken(await race(ann.world, ann.client, code, 2)):
            break
        planted += 1
    assert planted <= 20, "a redemption that compares nothing was not caught"
    figures.record(3, "authorization code, tasks", tried, through, f"write without comparing, after {planted}")


def unguarded(redeem: object) -> object:
    """The rule with its atomic step replaced by a plain write: read, decide, write."""

    def loosen(change: Change) -> Change:
        if isinstance(change, Swap) and change.table is AUTHORIZATION_CODES:
            return Put(change.table, change.new)
        if isinstance(change, Add) and change.table is FAMILIES:
            return Add(FAMILIES, replace(change.record, code=None))
        return change

    def weak(*args: object, **named: object) -> Outcome[AuthorizationCode]:
        outcome: Outcome[AuthorizationCode] = redeem(*args, **named)  # type: ignore[operator]  # the rule
        return replace(outcome, changes=tuple(loosen(change) for change in outcome.changes))

    return weak


async def test_threads_with_worlds_of_their_own(ann: Party, tmp_path: Path) -> None:
    some = await codes(ann, THREAD_RACES)
    with ThreadPoolExecutor(THREADS) as pool:
        runs = [pool.submit(in_a_thread, tmp_path / "doorward.db", "app", some, 2) for _ in range(THREADS)]
        answers = [run.result() for run in runs]
    through = 0
    for number in range(len(some)):
        reasons = [reason for answer in answers for reason in answer[number]]
        through += broken(reasons) or reasons.count("ok") == 0
    assert await ann.world.storage.page(FAMILIES) == []
    figures.record(3, f"authorization code, {THREADS} threads", len(some), through, "see tasks")


async def test_processes(ann: Party, tmp_path: Path) -> None:
    workers = [Process(tmp_path / "doorward.db", "app") for _ in range(PROCESSES)]
    through = 0
    try:
        for worker in workers:
            worker.ready()
        some = await codes(ann, PROCESS_RACES)
        for code in some:
            for worker in workers:
                worker.ask(code, 2)
            reasons = [reason for worker in workers for reason in worker.answer()]
            through += broken(reasons) or len(reasons) != 2 * PROCESSES
    finally:
        for worker in workers:
            worker.kill()
    assert await ann.world.storage.page(FAMILIES) == []
    figures.record(3, f"authorization code, {PROCESSES} processes", len(some), through, "see tasks")


async def test_after_kill_and_restart(ann: Party, tmp_path: Path) -> None:
    """An acknowledged redemption survives kill -9, so the code is still known as used and what it opened ends."""
    through = 0
    for code in await codes(ann, KILLS):
        worker = Process(tmp_path / "doorward.db", "app")
        try:
            worker.ready()
            worker.ask(code, 1)
            first = worker.answer()
        finally:
            worker.kill()
        again = await open_again(tmp_path / "doorward.db")
        try:
            opened_ = len(await again.storage.page(FAMILIES))
            second = await attempt(again, ann.client, code)
            left = len(await again.storage.page(FAMILIES))
        finally:
            await again.storage.close()
        through += (first, opened_, second, left) != (["ok"], 1, "code.replayed", 0)
    figures.record(3, "authorization code, kill -9 and restart", KILLS, through, "see tasks")


async def test_a_late_replay_kills_the_tokens(ann: Party, clock: FakeClock) -> None:
    """Also hours later, as long as what was opened could still be in use."""
    [code] = await codes(ann, 1)
    assert await attempt(ann.world, ann.client, code) == "ok"
    [family] = await ann.world.storage.page(FAMILIES)
    lasting = replace(family, expires=Instant(family.expires + 86_400_000_000))
    await ann.world.storage.commit([Put(FAMILIES, lasting)])
    clock.advance(3 * 3600 // 2)
    token, _ = await access_token(
        ann.world, subject=ann.user.id, client_id="app", scope=("invoice:read",), audience=RESOURCE, family=family.id,
        session=family.session,
    )  # fmt: skip
    await verify_access_token(ann.world, token, audience=RESOURCE)
    assert await attempt(ann.world, ann.client, code) == "code.replayed"
    with pytest.raises(InvalidToken) as ended:
        await verify_access_token(ann.world, token, audience=RESOURCE)
    assert ended.value.reason == "credential.revoked"
