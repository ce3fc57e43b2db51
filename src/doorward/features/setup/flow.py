"""Opening, using and closing setup."""

from __future__ import annotations

from doorward.core.errors import Conflict, Exists
from doorward.core.meta import INITIALISED, META
from doorward.core.outcome import keep
from doorward.core.table import Delete
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts.records import User
from doorward.domain.credentials.flow import hash_acceptable
from doorward.features.setup import rules
from doorward.features.setup.records import ONLY, SETUP_CODES, SetupCode
from doorward.ports import World, flow


async def is_open(world: World) -> bool:
    """Whether there has not been an administrator yet."""
    return await world.storage.get(META, INITIALISED) is None


async def open_setup(world: World) -> str | None:
    """A fresh one-time code to print at start, or None once setup is closed. The code before it is void."""
    initialised = await world.storage.get(META, INITIALISED)
    code = rules.new_code(world.entropy.bytes(6))
    return await world.commit(rules.opened(initialised, code, world.clock.now(), world.settings))


async def close_setup(world: World, by: str = "operator") -> None:
    """Close setup for good, because `by` made an administrator in another way. Closing twice is no error."""
    if not await is_open(world):
        return
    try:
        await world.commit(keep(None, *rules.closing(by), Delete(SETUP_CODES, (ONLY,))))
    except Exists:
        return


async def create_administrator(world: World, *, code: str, username: str, password: str) -> User:
    """The first administrator, if this is the code. Setup is closed afterwards.

    Errors as `rules.tried`; Invalid naming the field, Conflict `username.taken`: then the code may be used again.
    Does NOT sign them in.
    """
    await _try(world, code)
    user = accounts.new_record(world, username=username, name="", email=None)
    hashed = await hash_acceptable(world, user, password)  # slow, so outside of the flow
    return await _create(world, code, user, hashed)


@flow
async def _try(world: World, code: str) -> SetupCode:
    initialised = await world.storage.get(META, INITIALISED)
    row = await world.storage.get(SETUP_CODES, ONLY)
    return await world.commit(rules.tried(initialised, row, code, world.clock.now()))


@flow
async def _create(world: World, code: str, user: User, hashed: str) -> User:
    row = await _try(world, code)
    try:
        return await accounts.commit_user(world, rules.administrator(row, user, hashed, world.clock.now()))
    except Exists as taken:
        raise rules.closed() from taken
    except Conflict:
        if not await is_open(world):
            raise rules.closed() from None
        raise
