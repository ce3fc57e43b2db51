"""Passwords in a real database: set, verified, renewed, guessed at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from doorward.adapters import Argon2Hasher
from doorward.core.audit import AUDIT_EVENTS, Caller
from doorward.core.errors import Conflict, Exists, Invalid, LostRace, NotFound, Throttled, Unauthenticated
from doorward.core.secret import digest
from doorward.core.table import Delete, swap
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.records import USERS, User
from doorward.domain.credentials import flow, rules
from doorward.domain.credentials.flow import enrol, set_password, verify
from doorward.domain.credentials.records import ATTEMPTS, PASSWORDS
from doorward.ports import Verified, World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
OTHER = "seven hungry otters juggle"


@pytest.fixture
async def ann(world: World) -> User:
    return await enrol(world, username="Ann", password=PASSWORD)


async def refusal(world: World, username: str, password: str) -> str:
    with pytest.raises((Unauthenticated, Throttled)) as refused:
        await verify(world, username, password)
    return refused.value.reason


async def test_the_right_password_holds_in_every_spelling_of_the_name(world: World, ann: User) -> None:
    for name in ("ann", "ANN", "ａｎｎ"):
        assert (await verify(world, name, PASSWORD)).id == ann.id


@pytest.mark.spec("rfc8265#4.2.2")
async def test_the_right_password_holds_in_every_spelling(world: World) -> None:
    ben = await enrol(world, username="ben", password="crème brûlée at seven")
    assert await verify(world, "ben", "cre\u0300me bru\u0302le\u0301e\u00a0at seven") == ben


@pytest.mark.spec("nist-800-63b#3.1.1.2.7")
async def test_every_character_counts(world: World) -> None:
    long = "seven hungry otters juggle teal lanterns under a crooked bridge at dawn while rain falls upwards"
    await enrol(world, username="ben", password=long)
    assert await refusal(world, "ben", long[:-1]) == "sign_in.refused"
    assert await refusal(world, "ben", long + "x") == "sign_in.refused"
    await verify(world, "ben", long)


@pytest.mark.spec("nist-800-63b#3.1.1.2.8")
async def test_only_a_hash_is_kept(world: World, ann: User) -> None:
    row = await world.storage.get(PASSWORDS, ann.id)
    assert row is not None
    assert row.hash.startswith("$argon2id$")
    assert PASSWORD not in row.hash


async def test_a_refused_password_creates_nothing(world: World) -> None:
    with pytest.raises(Invalid):
        await enrol(world, username="ann", password="too short")
    assert await world.storage.page(USERS) == []
    assert await world.storage.page(AUDIT_EVENTS) == []


async def test_a_taken_name_creates_nothing(world: World, ann: User) -> None:
    with pytest.raises(Conflict) as refused:
        await enrol(world, username="ann", password=OTHER)
    assert refused.value.reason == "username.taken"
    assert len(await world.storage.page(PASSWORDS)) == 1
    assert (await verify(world, "ann", PASSWORD)).id == ann.id


async def test_set_password_replaces_the_old_one(world: World, ann: User) -> None:
    await set_password(world, ann, OTHER)
    assert await refusal(world, "ann", PASSWORD) == "sign_in.refused"
    assert (await verify(world, "ann", OTHER)).id == ann.id


async def test_set_password_for_who_has_none_and_who_is_gone(world: World) -> None:
    ben = await create_user(world, username="ben")
    assert await refusal(world, "ben", PASSWORD) == "sign_in.refused"
    await set_password(world, ben, PASSWORD)
    await verify(world, "ben", PASSWORD)
    await world.storage.commit([Delete(USERS, (ben.id,))])
    with pytest.raises(NotFound):
        await set_password(world, ben, OTHER)


async def test_a_password_set_beside_another_is_tried_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ben = await create_user(world, username="ben")
    real, runs = world.commit, []

    async def contested(self: World, outcome: object) -> object:
        runs.append(outcome)
        if len(runs) == 1:
            raise Exists("passwords", ("user",))
        return await real(outcome)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(World, "commit", contested)
    await set_password(world, ben, PASSWORD)
    assert len(runs) == 2


@pytest.mark.parametrize("name", ["", "ann smith", "usr_x", "\ud800", "n" * 100_000, "nobody", "a\x00"])
async def test_a_name_that_nobody_has_is_refused_like_any(world: World, ann: User, name: str) -> None:
    assert await refusal(world, name, PASSWORD) == "sign_in.refused"


@pytest.mark.parametrize("password", ["", "\x00", "x" * 1_000_000, "\ud800"])
async def test_what_cannot_be_a_password_is_refused_like_any(world: World, ann: User, password: str) -> None:
    assert await refusal(world, "ann", password) == "sign_in.refused"


@pytest.mark.spec("nist-800-63b#3.2.2.1")
async def test_a_password_typed_as_a_name_is_not_kept(world: World, ann: User) -> None:
    """Not even as a digest, which could be guessed at: neither among the counters nor in the record."""
    for name in (OTHER.replace(" ", "-"), OTHER):
        assert await refusal(world, name, PASSWORD) == "sign_in.refused"
        kept = repr(await world.storage.page(ATTEMPTS)) + repr(await world.storage.page(AUDIT_EVENTS))
        assert "account:" in kept
        assert digest(name) not in kept
        assert digest(" " + digest(name)) not in kept


async def test_guessing_waits_and_the_wait_ends(world: World, ann: User, clock: FakeClock) -> None:
    for _ in range(10):
        assert await refusal(world, "ann", OTHER) == "sign_in.refused"
    assert await refusal(world, "ann", PASSWORD) == "sign_in.throttled"
    clock.advance(29)
    assert await refusal(world, "ann", PASSWORD) == "sign_in.throttled"
    clock.advance(1)
    assert await refusal(world, "ann", OTHER) == "sign_in.refused"
    clock.advance(59)
    assert await refusal(world, "ann", PASSWORD) == "sign_in.throttled"
    clock.advance(1)
    assert (await verify(world, "ann", PASSWORD)).id == ann.id
    assert await refusal(world, "ann", OTHER) == "sign_in.refused"


async def test_a_network_waits_for_the_guesses_at_all_names(world: World, ann: User, clock: FakeClock) -> None:
    here = world.on_behalf_of(Caller(address="192.0.2.1"))
    for number in range(50):
        assert await refusal(here, f"nobody{number}", OTHER) == "sign_in.refused"
    assert await refusal(here, "ann", PASSWORD) == "sign_in.throttled"
    elsewhere = world.on_behalf_of(Caller(address="192.0.2.2"))
    assert (await verify(elsewhere, "ann", PASSWORD)).id == ann.id
    clock.advance(15 * 60)
    assert (await verify(here, "ann", PASSWORD)).id == ann.id


async def test_signing_in_to_one_account_buys_no_guesses_at_others(world: World, ann: User) -> None:
    here = world.on_behalf_of(Caller(address="192.0.2.1"))
    heard = 0
    for number in range(100):
        if await refusal(here, f"victim{number}", OTHER) == "sign_in.refused":
            heard += 1
            if number < 49:
                await verify(here, "ann", PASSWORD)
    assert heard == 50


async def test_the_owner_gets_in_where_they_did_before(world: World, ann: User, clock: FakeClock) -> None:
    home = world.on_behalf_of(Caller(address="2001:db8:1:2::1"))
    await verify(home, "ann", PASSWORD)
    for number in range(200):
        stranger = world.on_behalf_of(Caller(address=f"198.51.100.{number}"))
        await refusal(stranger, "ann", OTHER)
        clock.advance(120)
    await verify(home.on_behalf_of(Caller(address="2001:db8:1:2:9::9")), "ann", PASSWORD)


async def test_a_stale_hash_is_renewed_at_sign_in(world: World, ann: User) -> None:
    before = await world.storage.get(PASSWORDS, ann.id)
    stronger = replace(world, hasher=Argon2Hasher(memory_kib=16, time=1))
    await verify(stronger, "ann", PASSWORD)
    after = await world.storage.get(PASSWORDS, ann.id)
    assert before is not None
    assert after is not None
    assert (after.hash != before.hash, after.changed) == (True, before.changed)
    await verify(stronger, "ann", PASSWORD)
    assert await world.storage.get(PASSWORDS, ann.id) == after


class Meanwhile:
    """A hasher beside whose work something else happens."""

    def __init__(self, world: World, *changes: object) -> None:
        self._world, self._changes = world, changes

    async def hash(self, password: str) -> str:
        return await self._world.hasher.hash(password)

    async def verify(self, hash: str | None, password: str) -> Verified:
        verdict = await self._world.hasher.verify(hash, password)
        await self._world.storage.commit(self._changes)  # type: ignore[arg-type]  # changes
        return verdict


async def test_who_is_disabled_while_the_password_is_hashed_stays_out(world: World, ann: User) -> None:
    beside = replace(world, hasher=Meanwhile(world, swap(USERS, ann, status="disabled")))
    assert await refusal(beside, "ann", PASSWORD) == "sign_in.refused"


async def test_a_password_replaced_while_it_is_hashed_is_refused(world: World, ann: User) -> None:
    row = await world.storage.get(PASSWORDS, ann.id)
    assert row is not None
    beside = replace(world, hasher=Meanwhile(world, swap(PASSWORDS, row, hash="$argon2id$other")))
    assert await refusal(beside, "ann", PASSWORD) == "sign_in.refused"


async def test_where_every_reservation_is_lost_nothing_is_looked_at(
    world: World, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = world.commit

    async def contested(self: World, outcome: object) -> object:
        if outcome.error is None:  # type: ignore[attr-defined]  # an Outcome
            raise LostRace
        return await real(outcome)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(World, "commit", contested)
    assert await refusal(world, "ann", PASSWORD) == "sign_in.throttled"
    [event] = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "sign_in.refuse"]
    assert event.reason == "sign_in.throttled"


async def test_where_the_end_is_always_lost_nobody_is_let_in(
    world: World, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = world.commit

    async def contested(self: World, outcome: object) -> object:
        if outcome.reply is not None:  # type: ignore[attr-defined]  # an Outcome
            raise LostRace
        return await real(outcome)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(World, "commit", contested)
    assert await refusal(world, "ann", PASSWORD) == "sign_in.throttled"


async def test_counters_survive(tmp_path: Path, clock: FakeClock) -> None:
    from doorward.testing import open_world

    first = await open_world(tmp_path / "d.db", clock=clock)
    await enrol(first, username="ann", password=PASSWORD)
    for _ in range(10):
        await refusal(first, "ann", OTHER)
    await first.storage.close()
    second = await open_world(tmp_path / "d.db", clock=clock)
    assert await refusal(second, "ann", PASSWORD) == "sign_in.throttled"
    assert len(await second.storage.page(ATTEMPTS)) == 2
    await second.storage.close()


def test_the_constants_are_what_the_papers_say() -> None:
    assert rules.HARD_LIMIT == 100
    assert flow.CONTENDERS == 64
