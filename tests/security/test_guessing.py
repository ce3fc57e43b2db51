"""Guessing passwords and API keys: one after the other, all at once, from everywhere, across a restart."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from doorward.core.audit import Caller
from doorward.core.errors import DoorwardError, Throttled, Unauthenticated
from doorward.core.secret import new_secret
from doorward.core.table import Add, Delete, Put, Swap
from doorward.domain.accounts.flow import create_user
from doorward.domain.api_keys.flow import create, find
from doorward.domain.credentials import flow as credentials
from doorward.domain.credentials import rules
from doorward.domain.credentials.flow import enrol, verify
from doorward.domain.credentials.records import ATTEMPTS
from doorward.ports import Hasher, Verified, World
from doorward.testing import FakeClock, open_world
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
LIMIT = 10


class Counting:
    """A hasher that counts the guesses it evaluates."""

    def __init__(self, inner: Hasher) -> None:
        self._inner, self.evaluated = inner, 0

    async def hash(self, password: str) -> str:
        return await self._inner.hash(password)

    async def verify(self, hash: str | None, password: str) -> Verified:
        self.evaluated += 1
        return await self._inner.verify(hash, password)


def counted(world: World, address: str = "192.0.2.1") -> tuple[World, Counting]:
    hasher = Counting(world.hasher)
    return replace(world, hasher=hasher, caller=Caller(address=address)), hasher


async def guess(world: World, name: str, number: int) -> None:
    with pytest.raises(DoorwardError):
        await verify(world, name, f"guess number {number} at this password")


async def at_once(count: int, attempt: Callable[[int], Awaitable[None]]) -> None:
    async with anyio.create_task_group() as group:
        for number in range(count):
            group.start_soon(attempt, number)


async def parallel(world: World, name: str, net: str) -> int:
    """64 guesses at once at one account, half from one address, half each from its own: how many are evaluated."""
    here, hasher = counted(world, f"{net}.200")
    await enrol(here, username=name, password=PASSWORD)

    async def attempt(number: int) -> None:
        await guess(here if number % 2 else here.on_behalf_of(Caller(address=f"{net}.{number}")), name, number)

    await at_once(64, attempt)
    return hasher.evaluated


@pytest.mark.spec("nist-800-63b#3.2.2.1")
async def test_guesses_at_once_are_worth_no_more_than_one_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated = await parallel(world, "ann", "192.0.2")

    async def unguarded(world: World, key: str) -> rules.Standing:
        """Check, then act: the planted weakness."""
        standing = await credentials._load(world, key)
        await anyio.sleep(0)
        for change in rules.reserve(standing, world.clock.now(), world.settings).changes:
            assert isinstance(change, Add | Swap)
            await world.storage.commit([Put(ATTEMPTS, change.record if isinstance(change, Add) else change.new)])
        return standing

    monkeypatch.setattr(credentials, "_reserve", unguarded)
    weak = await parallel(world, "ben", "198.51.100")
    assert weak > LIMIT
    planted = f"counting without a swap evaluates {weak}, caught after {LIMIT + 1}"
    figures.record(6, "64 guesses at once at one account", 64, max(0, evaluated - LIMIT), planted)


async def restarted(file: Path, clock: FakeClock, *, forget: bool) -> int:
    """Guesses from two processes on one file, restarted four times: how many of 64 are evaluated."""
    evaluated = 0
    world = await open_world(file, clock=clock)
    await enrol(world, username="ann", password=PASSWORD)
    for _ in range(4):
        other = await open_world(file, clock=clock)
        pair = counted(world, "192.0.2.1"), counted(other, "192.0.2.2")

        async def attempt(number: int, pair: tuple[tuple[World, Counting], ...] = pair) -> None:
            await guess(pair[number % 2][0], "ann", number)

        await at_once(16, attempt)
        evaluated += sum(hasher.evaluated for _, hasher in pair)
        if forget:
            await world.storage.commit([Delete(ATTEMPTS, (row.key,)) for row in await world.storage.page(ATTEMPTS)])
        await other.storage.close()
        await world.storage.close()
        world = await open_world(file, clock=clock)
    await world.storage.close()
    return evaluated


@pytest.mark.spec("nist-800-63b#3.2.2.1")
async def test_counters_hold_across_a_restart_and_a_second_process(tmp_path: Path, clock: FakeClock) -> None:
    evaluated = await restarted(tmp_path / "a.db", clock, forget=False)
    weak = await restarted(tmp_path / "b.db", clock, forget=True)
    assert weak > LIMIT
    planted = f"counters that a restart forgets evaluate {weak}, caught after {LIMIT + 1}"
    name = "guesses from two processes, restarted four times"
    figures.record(6, name, 64, max(0, evaluated - LIMIT), planted)


async def a_day(world: World, clock: FakeClock, name: str) -> tuple[int, int]:
    """A botnet that asks whenever the wait ends, each time from another address: (asked, evaluated)."""
    evaluated, asked, end = 0, 0, clock.now() + 86_400_000_000
    while clock.now() < end and asked < 200:
        asked += 1
        here, hasher = counted(world, f"2001:db8:{asked:x}::1")
        try:
            await verify(here, name, f"guess number {asked} at this password")
        except Throttled as throttled:
            clock.advance(throttled.retry_after)
        except Unauthenticated:
            pass
        evaluated += hasher.evaluated
    return asked, evaluated


async def test_a_day_of_guessing_from_everywhere(
    world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enrol(world, username="ann", password=PASSWORD)
    await enrol(world, username="ben", password=PASSWORD)
    asked, evaluated = await a_day(world, clock, "ann")
    assert evaluated > LIMIT
    clock.advance(86_400)
    await verify(counted(world, "203.0.113.5")[0], "ann", PASSWORD)
    with monkeypatch.context() as patch:
        patch.setattr(rules, "wait_after", lambda count, settings: 0)
        _, weak = await a_day(world, clock, "ben")
    assert weak > rules.HARD_LIMIT
    planted = f"without the wait {weak} are evaluated, caught after {rules.HARD_LIMIT + 1}"
    name = f"a day of guesses at one account from everywhere ({evaluated} evaluated)"
    figures.record(6, name, asked, max(0, evaluated - rules.HARD_LIMIT), planted)


async def neighbours(world: World, prefix: str) -> int:
    """200 names guessed at from 8 addresses of one /64: how many guesses are evaluated."""
    here, hasher = counted(world)
    senders = [here.on_behalf_of(Caller(address=f"{prefix}:{n:x}::1")) for n in range(8)]

    async def attempt(number: int) -> None:
        await guess(senders[number % 8], f"user{number}", number)

    await at_once(200, attempt)
    return hasher.evaluated


async def test_one_network_and_many_names(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(8):
        await create_user(world, username=f"user{number}")
    limit = world.settings.attempts_per_address
    evaluated = await neighbours(world, "2001:db8:1:2")
    monkeypatch.setattr(rules, "network", lambda address: address)
    weak = await neighbours(world, "2001:db8:1:3")
    assert weak > limit
    planted = f"counting by whole address evaluates {weak}, caught after {limit + 1}"
    figures.record(6, "names guessed at by one network (a /64)", 200, max(0, evaluated - limit), planted)


async def between_own_sign_ins(world: World, address: str, *, forgive: bool) -> int:
    """150 names guessed at, an own account signed in to after each: how many guesses are evaluated."""
    here, hasher = counted(world, address)
    heard = 0
    for number in range(150):
        before = hasher.evaluated
        await guess(here, f"victim{number}", number)
        heard += hasher.evaluated - before
        if forgive:
            await world.storage.commit([Delete(ATTEMPTS, (f"address:{address}",))])
        if forgive or heard < world.settings.attempts_per_address:
            await verify(here, "mallory", PASSWORD)
    return heard


async def test_a_right_password_buys_no_guesses(world: World) -> None:
    await enrol(world, username="mallory", password=PASSWORD)
    limit = world.settings.attempts_per_address
    evaluated = await between_own_sign_ins(world, "192.0.2.1", forgive=False)
    weak = await between_own_sign_ins(world, "192.0.2.2", forgive=True)
    assert weak > limit
    planted = f"a network's counter cleared by any sign-in evaluates {weak}, caught after {limit + 1}"
    figures.record(6, "guesses between own sign-ins", 150, max(0, evaluated - limit), planted)


async def test_api_keys_are_not_found_by_trying(world: World) -> None:
    user = await create_user(world, username="ann")
    _, secret = await create(world, owner=user.subject, name="k")
    guesses = [new_secret("dw", secrets.token_bytes(32)) for _ in range(2000)]
    guesses += [secret[:cut] + "0" * (len(secret) - cut) for cut in range(len(secret))]
    guesses += [
        secret[:at] + other + secret[at + 1 :] for at in range(len(secret)) for other in "0aZ_" if other != secret[at]
    ]
    guesses = [guess for guess in guesses if guess != secret]  # a key that ends in 0, cut by one

    async def found(tried: Sequence[str]) -> list[int]:
        hits = []
        for number, wrong in enumerate(tried, 1):
            try:
                await find(world, wrong)
                hits.append(number)
            except Unauthenticated:
                pass
        return hits

    hits = await found(guesses)
    [caught] = await found([*guesses[:7], secret])
    figures.record(
        6, "API keys near a real one, and at random", len(guesses), len(hits), f"the key itself, after {caught}"
    )
