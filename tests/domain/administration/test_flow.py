"""Nobody hands out, or takes over, more of doorward than they hold."""

from __future__ import annotations

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Forbidden
from doorward.core.principal import Principal
from doorward.domain.accounts.flow import create_user
from doorward.domain.administration.flow import held_by, may_act_as, may_give
from doorward.domain.groups import flow as groups
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.ports import World

pytestmark = pytest.mark.anyio

OPERATOR = Principal("operator:root", "operator")


async def caller(world: World, *permissions: str) -> Principal:
    user = await create_user(world, username="helpdesk")
    await roles.put_role(world, "helpdesk", permissions)
    await roles.assign(world, user.subject, "helpdesk")
    return Principal(user.subject, "session")


async def test_what_is_held_may_be_given(world: World) -> None:
    await may_give(world, await caller(world, "dw_user:list"), ["dw_user:list", "invoice:pay"])


async def test_what_is_not_held_may_not_and_the_try_is_recorded(world: World) -> None:
    principal = await caller(world, "dw_user:list")
    with pytest.raises(Forbidden) as caught:
        await may_give(world, principal, ["dw_user:list", "dw_user:delete"])
    assert caught.value.reason == "escalation"
    assert caught.value.recorded
    event = await world.storage.find(AUDIT_EVENTS, action="call.refuse")
    assert event is not None
    assert event.reason == "escalation"


async def test_a_narrow_credential_gives_only_what_it_carries(world: World) -> None:
    wide = await caller(world, "dw_user:list", "dw_user:delete")
    narrow = Principal(wide.subject, "api_key", scopes=frozenset({"dw_user:list"}))
    await may_give(world, wide, ["dw_user:delete"])
    with pytest.raises(Forbidden):
        await may_give(world, narrow, ["dw_user:delete"])


async def test_the_operator_may_give_everything(world: World) -> None:
    await may_give(world, OPERATOR, world.catalogue.permissions_of(ADMIN_ROLE))


async def test_an_administrator_cannot_be_acted_for_by_less(world: World) -> None:
    principal = await caller(world, "dw_user:set_password")
    admin, plain = await create_user(world, username="root"), await create_user(world, username="ann")
    await roles.assign(world, admin.subject, ADMIN_ROLE)
    await may_act_as(world, principal, plain.subject)
    with pytest.raises(Forbidden):
        await may_act_as(world, principal, admin.subject)


async def test_what_is_held_by_a_group_within_a_group_counts(world: World) -> None:
    principal = await caller(world, "dw_user:set_password")
    ann = await create_user(world, username="ann")
    for id in ("inner", "outer"):
        await groups.create(world, id)
    await groups.add_member(world, "outer", "group:inner#member")
    await groups.add_member(world, "inner", ann.subject)
    await roles.assign(world, "group:outer#member", ADMIN_ROLE)
    assert "dw_user:delete" in held_by(world, ann.subject)
    with pytest.raises(Forbidden):
        await may_act_as(world, principal, ann.subject)


async def test_everybody_may_act_as_themselves(world: World) -> None:
    principal = await caller(world)
    await roles.assign(world, principal.subject, ADMIN_ROLE)
    narrow = Principal(principal.subject, "api_key", scopes=frozenset())
    await may_act_as(world, narrow, principal.subject)
