"""The key of a first administrator: what it belongs to, that it closes setup, and that it is shown once."""

from __future__ import annotations

import pytest

from doorward.core.errors import Conflict, Invalid
from doorward.core.meta import INITIALISED, META
from doorward.core.principal import Principal
from doorward.domain.decisions.authenticate import authenticate
from doorward.domain.decisions.flow import decide
from doorward.features.api_keys.flow import create_admin_key
from doorward.features.api_keys.routes import CreateApiKey, ListApiKeys, create_api_key, list_api_keys
from doorward.features.setup.flow import is_open, open_setup
from doorward.ports import World

pytestmark = pytest.mark.anyio

OPERATOR = Principal("operator:root", "operator")


async def test_it_belongs_to_a_service_account_that_may_do_everything(world: World) -> None:
    key, secret = await create_admin_key(world, name="root")
    assert key.owner.startswith("service_account:svc_")
    principal = await authenticate(world, secret, audience=None)
    for permission in ("dw_user:create", "dw_audit:verify", "dw_decision:check"):
        assert decide(world, principal, permission).reason == "role.everywhere"


async def test_it_closes_setup_for_good(world: World) -> None:
    assert await open_setup(world) is not None
    await create_admin_key(world)
    assert not await is_open(world)
    assert await open_setup(world) is None
    closed = await world.storage.get(META, INITIALISED)
    await create_admin_key(world)
    assert await world.storage.get(META, INITIALISED) == closed


async def test_a_name_is_made_or_must_be_free(world: World) -> None:
    first, _ = await create_admin_key(world)
    second, _ = await create_admin_key(world)
    assert first.name.startswith("admin-")
    assert first.name != second.name
    await create_admin_key(world, name="root")
    with pytest.raises(Conflict) as caught:
        await create_admin_key(world, name="Root")
    assert caught.value.reason == "name.taken"


@pytest.mark.parametrize(
    "request_",
    [
        CreateApiKey(),
        CreateApiKey(admin=True, owner="ann"),
        CreateApiKey(admin=True, scope=("dw_user:list",)),
        CreateApiKey(admin=True, organization="acme"),
        CreateApiKey(admin=True, lifetime=60, never_expires=True),
        CreateApiKey(admin=True, lifetime=0),
    ],
)
async def test_contradictions_are_refused(world: World, request_: CreateApiKey) -> None:
    with pytest.raises(Invalid):
        await create_api_key(world, OPERATOR, request_)
    assert await is_open(world)


async def test_a_key_that_never_expires_has_to_be_asked_for(world: World) -> None:
    usual = await create_api_key(world, OPERATOR, CreateApiKey(admin=True))
    never = await create_api_key(world, OPERATOR, CreateApiKey(admin=True, never_expires=True))
    assert usual.expires is not None
    assert never.expires is None
    listed = await list_api_keys(world, OPERATOR, ListApiKeys())
    assert [one.key for one in listed.items] == [None, None]
