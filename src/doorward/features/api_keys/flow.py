"""A key that may do everything, for scripts that set an installation up."""

from __future__ import annotations

from dataclasses import replace

from doorward.core.access.relation import EVERYWHERE, assignment
from doorward.core.errors import Conflict, Exists, LostRace
from doorward.core.meta import INITIALISED, META, Meta
from doorward.core.outcome import Change, Event, Relate
from doorward.core.secret import new_secret
from doorward.core.table import Add
from doorward.domain.accounts import rules as accounts
from doorward.domain.api_keys import rules
from doorward.domain.api_keys.records import API_KEY_PREFIX, ApiKey
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.ports import World, flow


@flow
async def create_admin_key(world: World, *, name: str = "", lifetime: rules.Lifetime = None) -> tuple[ApiKey, str]:
    """A key of a new service account with ADMIN_ROLE everywhere, and its secret; setup is closed in the same batch.

    Without a name one is made. Errors: Invalid naming the field; Conflict `name.taken`. Does NOT ask whether the
    caller may.
    """
    now, id = world.clock.now(), world.new_id("svc")
    name = name or f"admin-{id[-6:].lower()}"
    made = accounts.new_service_account(id, name, now)
    account = made.reply
    assert account is not None  # new_service_account raises rather than refuses
    secret = new_secret(API_KEY_PREFIX, world.entropy.bytes(32))
    key = rules.create(
        account,
        id=world.new_id("key"),
        secret=secret,
        name=name,
        scope=None,
        organization=None,
        expires=rules.expiry(lifetime, world.settings.api_key_lifetime, now),
        declared=frozenset(),
        by=None,
        now=now,
    )
    changes = (
        *made.changes,
        Relate(assignment(ADMIN_ROLE, EVERYWHERE, account.subject)),
        Event("assignment.create", account.subject, data={"role": ADMIN_ROLE, "place": EVERYWHERE}),
        *key.changes,
        *(() if await world.storage.get(META, INITIALISED) else _closing(account.subject)),
    )
    try:
        return await world.commit(replace(key, changes=changes)), secret
    except Exists as taken:
        if taken.table == META.name:
            raise LostRace("setup was closed meanwhile") from taken
        raise Conflict(f"a service account is called `{name}` already", reason="name.taken") from None


def _closing(by: str) -> tuple[Change, ...]:
    """There is an administrator now: setup is over for good."""
    return Add(META, Meta(INITIALISED, by)), Event("setup.close", "setup:code", data={"by": by})
