"""Setting and verifying passwords: reserve an attempt, hash, settle it. Theory of operation in `rules.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from doorward.core.audit.network import network
from doorward.core.errors import Exists, Invalid, LostRace, NotFound
from doorward.core.outcome import Outcome, keep
from doorward.core.secret import digest
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts.reads import by_username
from doorward.domain.accounts.records import USERS, User
from doorward.domain.accounts.rules import username_key
from doorward.domain.credentials import policy, rules
from doorward.domain.credentials.records import ATTEMPTS, PASSWORDS
from doorward.ports import World, flow

T = TypeVar("T")

CONTENDERS = 64
"""How often a reservation is tried anew when others change the same counter at once; then it is refused."""


async def set_password(world: World, user: User, password: str) -> None:
    """Give the user this password. Errors: Invalid naming what is wrong with it; NotFound when the user is gone.

    Does NOT ask for the old one and does NOT end sessions: `lifecycle.flow.change_password` does both.
    """
    hashed = await hash_acceptable(world, user, password)
    await _store(world, user.id, hashed)


async def enrol(world: World, *, username: str, password: str, name: str = "", email: str | None = None) -> User:
    """A new user with a password, both or neither: a refused password creates nothing.

    Errors: Invalid naming the field; Conflict `username.taken` or `email.taken`.
    """
    user = accounts.new_record(world, username=username, name=name, email=email)
    hashed = await hash_acceptable(world, user, password)
    return await accounts.commit_user(world, rules.enrolled(user, hashed, world.clock.now()))


async def hash_acceptable(world: World, user: User, password: str) -> str:
    """The hash of a password that the policy accepts for this user, else Invalid. Slow; belongs before a flow."""
    return await world.hasher.hash(await acceptable(world, user, password))  # nist-800-63b#3.1.1.2.8


async def acceptable(world: World, user: User, password: str) -> str:
    """As `policy.acceptable`, aside and one at a time: scoring takes up to a tenth of a second, and others wait."""
    tried_first = user.username, user.username_key, user.name, user.email or "", world.settings.name
    async with _lock("policy"):
        return await asyncio.to_thread(policy.acceptable, password, world.settings, tried_first)


async def verify(world: World, username: str, password: str) -> User:
    """The user, if this is their password. Raises Unauthenticated `sign_in.refused` or Throttled.

    Counts against the account and against `world.caller.address`. Unknown, disabled and passwordless accounts do the
    same work and get the same answer. Does NOT start a session: `lifecycle.flow.sign_in` does.
    """

    async def done(user: User) -> Outcome[User]:
        return keep(user)

    return await verified(world, username, password, done)


async def verified(
    world: World,
    username: str,
    password: str,
    then: Callable[[User], Awaitable[Outcome[T]]],
    *,
    rehash: bool = True,
) -> T:
    """As `verify`, with what `then` makes of the user committed in the same batch, and its reply.

    `then` runs again when the batch is lost. A caller that replaces the password itself says `rehash=False`.
    """
    key = _counted_name(username)
    checked = await _reserve(world, key)
    prepared = policy.prepared(password, world.settings)
    hash = checked.password.hash if checked.password and prepared is not None else None
    # the same work when there is nothing to verify
    verdict = await world.hasher.verify(hash, prepared or "")  # nist-800-63b#3.1.1.2.7
    renewed = None
    if verdict.holds and verdict.stale and rehash and prepared is not None:
        renewed = await world.hasher.hash(prepared)
    for _ in range(CONTENDERS):
        standing = await _load(world, key)
        outcome = rules.settle(standing, checked.password, holds=verdict.holds, rehashed=renewed, now=world.clock.now())
        if outcome.reply is None:
            whole: Outcome[T] = Outcome(outcome.changes, error=outcome.error)
        else:
            more = await then(outcome.reply)
            whole = Outcome((*outcome.changes, *more.changes), more.reply, more.error)
        try:
            return await world.commit(whole)
        except LostRace:
            continue
    return await world.commit(rules.throttled(checked.target, 1))


async def _reserve(world: World, key: str) -> rules.Standing:
    """Count this attempt, or raise Throttled. What the account was when it was counted."""
    async with _turn(world.caller.address):
        for _ in range(CONTENDERS):
            standing = await _load(world, key)
            try:
                await world.commit(rules.reserve(standing, world.clock.now(), world.settings))
            except (LostRace, Exists):
                continue
            return standing
    return await world.commit(rules.throttled(standing.target, 1))


_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[str, asyncio.Lock]] = WeakKeyDictionary()


def _lock(name: str) -> asyncio.Lock:
    """Only thrift, and only in this process: what must hold does so by the batch."""
    return _locks.setdefault(asyncio.get_running_loop(), WeakValueDictionary()).setdefault(name, asyncio.Lock())


def _turn(address: str) -> asyncio.Lock:
    """Attempts from one network are counted one after the other: many at once would all swap the same counter, and all
    but one in vain."""
    return _lock(f"network:{network(address)}")


async def _load(world: World, key: str) -> rules.Standing:
    user = await by_username(world, key)
    veiled = digest(world.keyring.mac("sign_in.name", key.encode()).hex())  # for it may be a password, typed too early
    account_key, address_key, known_key = rules.counter_keys(key if user else veiled, world.caller.address)
    account = await world.storage.get(ATTEMPTS, account_key)
    address = await world.storage.get(ATTEMPTS, address_key)
    known = await world.storage.get(ATTEMPTS, known_key)
    password = await world.storage.get(PASSWORDS, user.id if user else key)
    target = user.subject if user else account_key
    return rules.Standing(user, password, target, account_key, address_key, known_key, account, address, known)


@flow
async def _store(world: World, user_id: str, hashed: str) -> None:
    user = await world.storage.get(USERS, user_id)
    if user is None:
        raise NotFound("the user is gone", reason="user.unknown")
    current = await world.storage.get(PASSWORDS, user_id)
    try:
        await world.commit(rules.new_password(user, current, hashed, world.clock.now()))
    except Exists as taken:
        raise LostRace("a password was set meanwhile") from taken


def _counted_name(username: str) -> str:
    """The canonical name, or for what cannot be one, a key that no user can have (names hold no spaces)."""
    try:
        return username_key(username)
    except Invalid:
        return " " + digest(username.encode("utf-8", "replace").decode())
