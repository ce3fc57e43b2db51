"""Making, finding and revoking API keys."""

from __future__ import annotations

from collections.abc import Sequence

from doorward.core.errors import Invalid
from doorward.core.principal import Principal
from doorward.core.secret import digest, new_secret, well_formed
from doorward.domain.accounts.reads import principal_record
from doorward.domain.api_keys import rules
from doorward.domain.api_keys.records import API_KEY_PREFIX, API_KEYS, ApiKey
from doorward.domain.organizations.records import ORGANIZATIONS
from doorward.ports import World, flow


@flow
async def create(
    world: World,
    *,
    owner: str,
    name: str,
    scope: Sequence[str] | None = None,
    lifetime: rules.Lifetime = None,
    organization: str | None = None,
    by: Principal | None = None,
) -> tuple[ApiKey, str]:
    """A new key of `owner` (`user:ID` or `service_account:ID`) and its secret, which is shown now or never.

    `scope` None carries all that the owner may, whatever that becomes. `lifetime` None is the setting's, `"never"` has
    no end. `by` is the credential that asks: a key or token cannot make a key wider than itself.
    Errors as `rules.create`. Does NOT ask whether the caller may make keys for this owner.
    """
    now = world.clock.now()
    with world.relations.still():
        declared = world.catalogue.declared()
    secret = new_secret(API_KEY_PREFIX, world.entropy.bytes(32))
    if organization is not None and await world.storage.get(ORGANIZATIONS, organization) is None:
        raise Invalid(f"there is no organization `{organization[:80]}`", reason="organization.unknown")
    outcome = rules.create(
        await principal_record(world, owner),
        id=world.new_id("key"),
        secret=secret,
        name=name,
        scope=None if scope is None else tuple(scope),
        organization=organization,
        expires=rules.expiry(lifetime, world.settings.api_key_lifetime, now),
        declared=declared,
        by=by,
        now=now,
    )
    return await world.commit(outcome), secret


async def find(world: World, secret: str) -> ApiKey:
    """The live key with this secret. Raises Unauthenticated `credential.invalid`.

    A typo is told by the checksum, without a look-up; the look-up is by digest, so its time says nothing about the
    secret. Does NOT look at the owner: `decisions.authenticate` does.
    """
    if not well_formed(secret, API_KEY_PREFIX):
        raise rules.unusable()
    key = await world.storage.find(API_KEYS, digest=digest(secret))
    return rules.usable(key, world.clock.now())


@flow
async def revoke(world: World, id: str) -> None:
    """End a key at once. NotFound `api_key.unknown`. Does NOT ask whether the caller may."""
    key = await world.storage.get(API_KEYS, id)
    await world.commit(rules.revoke(key))
