"""One key signs by each algorithm, whoever was first; what only verifies needs no server key."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from doorward.adapters import AesKeyring
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Unavailable
from doorward.core.instant import Seconds
from doorward.core.jose.algorithms import Algorithm
from doorward.core.jose.signing import PrivateKey, compact, signing_input
from doorward.core.jose.verification import verify_jws
from doorward.domain.signing_keys import flow
from doorward.domain.signing_keys.records import SIGNING_KEYS
from doorward.ports import World
from doorward.testing import FakeClock, open_world
from tests.core.jose.keys import made

pytestmark = pytest.mark.anyio

BOTH: tuple[Algorithm, ...] = ("ES256", "RS256")


def numbered(number: int) -> Callable[[Algorithm], PrivateKey]:
    return lambda algorithm: made(algorithm, number)


async def kids(world: World) -> dict[str, str]:
    return {key.algorithm: key.kid for key in await flow.public_keys(world) if key.signs}


async def token(world: World, algorithm: Algorithm = "ES256") -> str:
    signer = await flow.signer(world, algorithm)
    message = signing_input(signer.algorithm, signer.kid, "JWT", {})
    return compact(message, await signer.sign(message))


async def test_the_first_start_makes_a_key_by_each_algorithm_and_the_second_none(world: World) -> None:
    await flow.ensure(world)
    first = await kids(world)
    assert sorted(first) == list(BOTH)
    await flow.ensure(world)
    assert await kids(world) == first
    created = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "signing_key.create"]
    assert {event.data["algorithm"] for event in created} == set(BOTH)
    for algorithm in flow.DEFAULT_ALGORITHMS:
        verify_jws(await token(world, algorithm), await flow.key_set(world))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "PS256", "EdDSA"])
async def test_what_is_sealed_is_opened(world: World, algorithm: Algorithm) -> None:
    await flow.ensure(world, [algorithm])
    signed = await token(world, algorithm)
    assert verify_jws(signed, await flow.key_set(world)).header.alg == algorithm
    again = await flow.signer(world, algorithm)
    assert again is await flow.signer(world, algorithm)
    assert (again.kid, again.algorithm) == (next(iter((await kids(world)).values())), algorithm)


async def test_the_private_half_is_nowhere_in_the_database(world: World, tmp_path: Path) -> None:
    await flow.ensure(world, BOTH, made)
    everything = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    for algorithm in flow.DEFAULT_ALGORITHMS:
        material = made(algorithm).material
        der = material.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        assert made(algorithm).kid.encode() in everything
        assert der[-60:-20] not in everything
        assert der[60:100] not in everything


async def test_two_starts_at_once_in_one_process_end_with_one_key(world: World) -> None:
    numbers = iter(range(100, 200))
    await asyncio.gather(*(flow.ensure(world, ["ES256"], lambda a: made(a, next(numbers))) for _ in range(16)))
    keys = await flow.public_keys(world)
    assert len(keys) == 1
    assert keys[0].signs == "ES256"


RACE = """
import asyncio, sys
from doorward.domain.signing_keys import flow
from doorward.testing import open_world
async def main(path):
    world = await open_world(path)
    sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
    await flow.ensure(world)
    print(*sorted(key.kid for key in await flow.public_keys(world)))
    await world.storage.close()
asyncio.run(main(sys.argv[1]))
"""


async def test_processes_that_start_at_once_end_with_one_key_by_each_algorithm(tmp_path: Path) -> None:
    path = tmp_path / "race.db"
    await (await open_world(path)).storage.close()
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ends = {racer.communicate(timeout=60)[0] for racer in racers}
    assert {racer.returncode for racer in racers} == {0}
    assert len(ends) == 1
    assert len(ends.pop().split()) == 2


async def test_a_retired_key_verifies_and_no_longer_signs(world: World) -> None:
    await flow.ensure(world, ["ES256"], made)
    before = await token(world)
    fresh = await flow.rotate(world, "ES256", numbered(7))
    after = await token(world)
    keys = await flow.key_set(world)
    assert [verify_jws(one, keys).header.kid for one in (before, after)] == [made("ES256").kid, fresh.kid]
    assert await kids(world) == {"ES256": fresh.kid}
    old = await world.storage.get(SIGNING_KEYS, made("ES256").kid)
    assert old is not None
    assert old.retired == world.clock.now()


async def test_rotating_without_a_key_makes_the_first(world: World) -> None:
    fresh = await flow.rotate(world, "EdDSA")
    assert await kids(world) == {"EdDSA": fresh.kid}


async def test_rotations_at_once_leave_one_that_signs(world: World) -> None:
    await flow.ensure(world, ["ES256"], made)
    await asyncio.gather(*(flow.rotate(world, "ES256", numbered(n)) for n in (11, 12)))
    assert len(await flow.public_keys(world)) == 3
    assert len(await kids(world)) == 1


async def test_another_process_rotates_and_this_one_follows(world: World, clock: FakeClock, tmp_path: Path) -> None:
    await flow.ensure(world, ["ES256"], made)
    await token(world)
    await flow.key_set(world)
    other = replace(await open_world(tmp_path / "doorward.db", clock=clock), keyring=world.keyring)
    try:
        fresh = await flow.rotate(other, "ES256", numbered(21))
        theirs = await token(other)
        verify_jws(theirs, await flow.key_set(world, fresh.kid))  # an id it does not know: read at once
        assert (await flow.signer(world, "ES256")).kid == made("ES256").kid
        clock.advance(flow.MEMORY)
        assert (await flow.signer(world, "ES256")).kid == fresh.kid
    finally:
        await other.storage.close()


async def test_what_was_read_is_kept_for_a_while_and_no_longer(world: World, clock: FakeClock) -> None:
    await flow.ensure(world, ["ES256"], made)
    first = await flow.key_set(world)
    assert await flow.key_set(world, made("ES256").kid) is first
    assert await flow.key_set(world, "unknown") is first
    clock.advance(Seconds(flow.MEMORY - 1))
    assert await flow.key_set(world) is first
    clock.advance(Seconds(1))
    assert await flow.key_set(world) is not first


async def test_a_clock_set_back_reads_anew(world: World, clock: FakeClock) -> None:
    await flow.ensure(world, ["ES256"], made)
    first = await flow.key_set(world)
    signer = await flow.signer(world, "ES256")
    clock.advance(Seconds(-3600))
    assert await flow.key_set(world) is not first
    assert await flow.signer(world, "ES256") is signer  # read anew, but opened only once


async def test_verifying_needs_no_server_key(world: World) -> None:
    await flow.ensure(world, ["ES256"], made)
    signed = await token(world)

    class Locked:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError("the server key was asked for")

    guard = replace(world, keyring=Locked())
    flow._known.pop(world.storage)
    verify_jws(signed, await flow.key_set(guard))
    assert [key.kid for key in await flow.public_keys(guard)] == [made("ES256").kid]


async def test_without_a_key_nothing_is_signed(world: World) -> None:
    with pytest.raises(Unavailable) as caught:
        await flow.signer(world, "ES256")
    assert caught.value.reason == "signing_key.missing"


async def test_another_server_key_opens_nothing(world: World) -> None:
    await flow.ensure(world, ["ES256"], made)
    with pytest.raises(Unavailable):
        await flow.signer(replace(world, keyring=AesKeyring(os.urandom(32))), "ES256")


async def test_a_sealed_half_of_another_key_is_refused(world: World) -> None:
    def swapped(algorithm: Algorithm) -> PrivateKey:
        return PrivateKey(made(algorithm).kid, algorithm, made(algorithm, 1).material)

    await flow.ensure(world, ["ES256"], swapped)
    with pytest.raises(Unavailable) as caught:
        await flow.signer(world, "ES256")
    assert caught.value.reason == "signing_key.mismatch"
