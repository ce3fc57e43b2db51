"""Whether anyone has this name: nothing that is said, done or waited for may tell."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from doorward.adapters import Argon2Hasher
from doorward.core.audit import Caller
from doorward.core.errors import DoorwardError, Throttled, Unauthenticated
from doorward.core.settings import Settings
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.records import USERS
from doorward.domain.credentials import flow as credentials
from doorward.domain.credentials.flow import enrol, verify
from doorward.domain.lifecycle.flow import disable_user, sign_in
from doorward.ports import Hasher, Storage, Verified, World
from doorward.testing import open_world
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
WRONG = "seven hungry otters juggle"

KINDS = {
    # what an attacker sends: (username, password); the first is what the others are held against
    "wrong password": ("ann", WRONG),
    "nobody": ("nobody", WRONG),
    "nobody with a real password": ("nobody2", PASSWORD),
    "passwordless": ("passwordless", PASSWORD),
    "disabled, right password": ("disabled", PASSWORD),
    "disabled, wrong password": ("disabled2", WRONG),
    "no possible name": ("no such: name", WRONG),
    "empty name": ("", WRONG),
    "an id": ("usr_01MCC5RM00SBX3FD6154YDAWJ2", WRONG),
    "endless name": ("n" * 50_000, WRONG),
    "surrogate": ("\ud800", WRONG),
    "empty password": ("ben", ""),
    "endless password": ("cleo", "x" * 50_000),
    "impossible password": ("dora", "\x00"),
}


@dataclass
class Watched:
    """What one attempt did, step by step: each call of the storage and the hasher."""

    storage: Storage
    hasher: Hasher
    done: list[Any] = field(default_factory=list)

    async def get(self, table: Any, *key: Any) -> Any:
        self.done.append(("get", table.name))
        return await self.storage.get(table, *key)

    async def find(self, table: Any, **columns: Any) -> Any:
        self.done.append(("find", table.name, tuple(columns)))
        return await self.storage.find(table, **columns)

    async def commit(self, changes: Sequence[Any]) -> Any:
        self.done.append(("commit", [type(change).__name__ + " " + change.table.name for change in changes]))
        return await self.storage.commit(changes)

    async def hash(self, password: str) -> str:
        self.done.append("hash")
        return await self.hasher.hash(password)

    async def verify(self, hash: str | None, password: str) -> Verified:
        self.done.append("verify")
        return await self.hasher.verify(hash, password)


async def people(world: World) -> None:
    for name in ("ann", "ben", "cleo", "dora", "disabled", "disabled2"):
        user = await enrol(world, username=name, password=PASSWORD)
        if name.startswith("disabled"):
            await disable_user(world, user)
    await create_user(world, username="passwordless")


async def answer(world: World, username: str, password: str) -> tuple[Any, list[Any]]:
    """What an attacker is told, and what was done for it."""
    watched = Watched(world.storage, world.hasher)
    beside = replace(world, storage=watched, hasher=watched)
    try:
        await sign_in(beside, username, password)
    except DoorwardError as error:
        told = (type(error).__name__, error.status, error.code, error.reason, error.description, error.hint)
        return (*told, getattr(error, "retry_after", None)), watched.done
    return "signed in", watched.done


def from_(world: World, number: int) -> World:
    return world.on_behalf_of(Caller(address=f"198.51.100.{number}"))


async def differences(world: World, rounds: int) -> tuple[int, list[str]]:
    """Let every kind be tried for some rounds, beyond the throttle; the kinds whose answer or work differs."""
    tried, odd = 0, []
    seen: dict[str, list[Any]] = {}
    for number, (kind, (username, password)) in enumerate(KINDS.items()):
        here = from_(world, number)
        seen[kind] = [await answer(here, username, password) for _ in range(rounds)]
        tried += rounds
        if seen[kind] != seen["wrong password"]:
            odd.append(kind)
    return tried, odd


async def test_answers_and_work_are_the_same_for_every_cause(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await people(world)
    tried, odd = await differences(world, 14)
    assert odd == []

    real = credentials.verified

    async def early(world: World, username: str, password: str, then: Any, *, rehash: bool = True) -> Any:
        """The planted weakness: nothing is hashed for a name that nobody has."""
        if await world.storage.find(USERS, username_key=username) is None:
            raise Unauthenticated("the username or the password is wrong", reason="sign_in.refused")
        return await real(world, username, password, then, rehash=rehash)

    monkeypatch.setattr("doorward.domain.lifecycle.flow.verified", early)
    _, found = await differences(from_(world, 200), 1)
    assert "nobody" in found
    figures.record(
        5,
        f"sign-in, {len(KINDS)} causes, answers and work beyond the throttle",
        tried,
        len(odd),
        f"an early return, caught after {list(KINDS).index('nobody') + 1}",
    )


async def test_the_throttle_speaks_of_no_account(world: World) -> None:
    await people(world)
    for number, name in enumerate(("ann", "nobody", "passwordless", "disabled")):
        here = from_(world, number)
        for _ in range(10):
            await answer(here, name, WRONG)
        with pytest.raises(Throttled) as refused:
            await verify(here, name, PASSWORD)
        assert (refused.value.retry_after, refused.value.description) == (30, "too many attempts to sign in")


@pytest.mark.skipif(os.environ.get("TESTS_SECURITY") != "full", reason="takes minutes: TESTS_SECURITY=full")
async def test_time_tells_nothing(tmp_path: Path) -> None:
    """Interleaved samples until the 99 % interval of the difference is narrower than 2 % of the median."""
    endless = 1_000_000_000
    settings = Settings(public_url="https://a.example", attempts_per_account=endless, attempts_per_address=endless)
    opened = await open_world(tmp_path / "doorward.db", settings=settings)
    world = replace(opened, hasher=Argon2Hasher(memory_kib=19_456, time=2))
    await people(world)

    async def once(username: str, *, planted: bool = False) -> float:
        start = time.perf_counter()
        if not planted:
            with pytest.raises(DoorwardError):
                await verify(world, username, WRONG)
        return time.perf_counter() - start

    reports: list[Interval] = []
    for other in ("nobody", "passwordless", "no such: name", "disabled"):
        reports.append(await compared(once, other))
    weak = await compared(once, "planted early return", planted=True)
    await opened.storage.close()
    assert weak.tells
    told = sum(report.tells for report in reports)
    vague = [report.other for report in reports if report.width >= NARROW]
    assert vague == [], "the machine is too busy to tell"
    text = "; ".join(str(report) for report in reports)
    tried, planted = sum(report.pairs for report in reports), f"an early return, caught after {weak.pairs} pairs"
    figures.record(5, f"time of a sign-in, 99 % intervals ({text})", tried, told, planted)


NARROW = 0.02
"""The interval's width, as a part of the median time, from which on it says something."""
SURE = 3.03
"""Standard errors to each side: 99 % for all four comparisons together."""


@dataclass(frozen=True)
class Interval:
    """The interval of the median of the paired differences, by order statistics, in parts of the median time."""

    other: str
    low: float
    high: float
    pairs: int

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def tells(self) -> bool:
        return not self.low <= 0 <= self.high

    def __str__(self) -> str:
        return f"{self.other} {self.low:+.2%} to {self.high:+.2%}"


async def compared(once: Any, other: str, *, planted: bool = False) -> Interval:
    """Pairs of a wrong password and `other`, in changing order, until the interval is narrow."""
    pairs: list[tuple[float, float]] = []
    while True:
        for number in range(100):
            if number % 2:
                first = await once("ann")
                pairs.append((first, await once(other, planted=planted)))
            else:
                second = await once(other, planted=planted)
                pairs.append((await once("ann"), second))
        differences = sorted(second - first for first, second in pairs)
        middle, half = statistics.median(first for first, _ in pairs), SURE * len(pairs) ** 0.5 / 2
        low, high = differences[int(len(pairs) / 2 - half)], differences[int(len(pairs) / 2 + half)]
        found = Interval(other, low / middle, high / middle, len(pairs))
        if found.width < NARROW or (planted and found.tells) or len(pairs) >= 3000:
            return found
