"""Passwords: hashed with argon2id, verified with equal work, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from doorward.adapters import Argon2Hasher
from doorward.core.errors import Invalid, Unavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def hasher() -> Iterator[Argon2Hasher]:
    hasher = Argon2Hasher(memory_kib=8, time=1)
    yield hasher
    hasher.close()


async def test_the_right_password_holds_and_no_other(hasher: Argon2Hasher) -> None:
    hash = await hasher.hash("correct horse é")
    assert hash.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert hash != await hasher.hash("correct horse é")
    verdict = await hasher.verify(hash, "correct horse é")
    assert verdict.holds
    assert not verdict.stale
    for wrong in (
        "",
        "correct horse",
        "correct horse é ",
        "correct horse é\0",
        "Correct horse é",
        "correct horse e\u0301",
    ):
        assert not await hasher.verify(hash, wrong)


async def test_the_defaults_are_strong() -> None:
    hasher = Argon2Hasher()
    try:
        assert (await hasher.hash("x")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    finally:
        hasher.close()


async def test_a_weaker_hash_holds_and_is_stale(hasher: Argon2Hasher) -> None:
    stronger = Argon2Hasher(memory_kib=16, time=1)
    try:
        old = await hasher.hash("x")
        assert (await stronger.verify(old, "x")).stale
        assert not (await stronger.verify(old, "y")).stale
        assert not (await stronger.verify(await stronger.hash("x"), "x")).stale
    finally:
        stronger.close()


@pytest.mark.parametrize(
    "hash", [None, "", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8,t=1,p=1$AA$AA"]
)
async def test_no_hash_never_holds(hasher: Argon2Hasher, hash: str | None) -> None:
    for password in ("", "x", "how fast is this"):
        assert not await hasher.verify(hash, password)


async def test_without_a_hash_the_same_work_is_done() -> None:
    """The stand-in for a missing hash has today's parameters, so argon2 does as much for it."""
    hasher = Argon2Hasher(memory_kib=64, time=3, parallelism=2)
    try:
        assert hasher._dummy.startswith("$argon2id$v=19$m=64,t=3,p=2$")
        real = await hasher.hash("x")
        assert [len(part) for part in hasher._dummy.split("$")] == [len(part) for part in real.split("$")]
    finally:
        hasher.close()


async def test_text_that_is_not_unicode(hasher: Argon2Hasher) -> None:
    with pytest.raises(Invalid):
        await hasher.hash("\ud800")
    for hash in (None, await hasher.hash("?"), await hasher.hash("")):
        assert not await hasher.verify(hash, "\ud800")


async def test_a_flood_is_refused_and_passes() -> None:
    hasher = Argon2Hasher(threads=1, memory_kib=8, time=1, waiting=4)
    try:
        results = await asyncio.gather(*(hasher.verify(None, "x") for _ in range(20)), return_exceptions=True)
        refused = [result for result in results if isinstance(result, Unavailable)]
        assert len(refused) == 16
        assert {error.reason for error in refused} == {"hasher.busy"}
        assert not await hasher.verify(None, "x")
    finally:
        hasher.close()


async def test_the_doctor_learns_what_it_is(hasher: Argon2Hasher) -> None:
    told = hasher.describe()
    assert told["parameters"] == "m=8,t=1,p=1"
    assert float(told["hashes_per_second"]) > 0
