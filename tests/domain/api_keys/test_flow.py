"""API keys in a real database."""

from __future__ import annotations

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from doorward.core.instant import Seconds
from doorward.core.secret import new_secret
from doorward.core.table import Add, swap
from doorward.domain.accounts.flow import create_service_account, create_user
from doorward.domain.accounts.records import USERS, User
from doorward.domain.api_keys import reads
from doorward.domain.api_keys.flow import create, find, revoke
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.roles.records import RESOURCE_SERVERS, ResourceServer
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(world: World) -> User:
    await world.storage.commit(
        [
            Add(RESOURCE_SERVERS, ResourceServer("https://a.example", "A", ("invoice:read", "invoice:pay"))),
            Add(ORGANIZATIONS, Organization("acme", "Acme")),
        ]
    )
    return await create_user(world, username="ann")


async def unknown(world: World, secret: str) -> bool:
    with pytest.raises(Unauthenticated) as refused:
        await find(world, secret)
    return refused.value.reason == "credential.invalid"


async def test_a_key_is_shown_once(world: World, ann: User, clock: FakeClock) -> None:
    key, secret = await create(world, owner=ann.subject, name="laptop")
    assert secret.startswith("dw_")
    assert key.hint == secret[-4:]
    assert await find(world, secret) == key
    assert secret not in repr(key)
    assert secret not in repr(await world.storage.page(AUDIT_EVENTS))
    assert key.expires == clock.now() + world.settings.api_key_lifetime * 1_000_000


async def test_what_is_not_exactly_the_key_is_unknown(world: World, ann: User) -> None:
    key, secret = await create(world, owner=ann.subject, name="laptop")
    other = new_secret("dw", world.entropy.bytes(32))
    typo = secret[:10] + ("a" if secret[10] != "a" else "b") + secret[11:]
    tried = (
        "",
        "dw_",
        key.id,
        key.digest,
        secret[:-1],
        secret + "x",
        secret.lower(),
        other,
        typo,
        "dw_\ud800",
        " " + secret,
    )
    for wrong in tried:
        assert await unknown(world, wrong)


async def test_a_typo_costs_no_look_up(world: World, ann: User) -> None:
    await world.storage.close()
    assert await unknown(world, "dw_" + "x" * 49)


async def test_a_key_expires_and_can_be_made_not_to(world: World, ann: User, clock: FakeClock) -> None:
    _, brief = await create(world, owner=ann.subject, name="brief", lifetime=Seconds(60))
    endless, secret = await create(world, owner=ann.subject, name="endless", lifetime="never")
    clock.advance(59)
    assert await find(world, brief)
    clock.advance(1)
    assert await unknown(world, brief)
    clock.advance(10**9)
    assert await find(world, secret) == endless
    with pytest.raises(Invalid):
        await create(world, owner=ann.subject, name="none", lifetime=Seconds(0))


async def test_revoked_is_gone_at_once(world: World, ann: User) -> None:
    key, secret = await create(world, owner=ann.subject, name="laptop")
    assert await reads.api_key(world, key.id) == key
    await revoke(world, key.id)
    assert await unknown(world, secret)
    for gone in (key.id, "key_nobody"):
        with pytest.raises(NotFound):
            await revoke(world, gone)
        with pytest.raises(NotFound):
            await reads.api_key(world, gone)


async def test_only_for_owners_that_stand(world: World, ann: User) -> None:
    for owner in ("user:usr_nobody", "service_account:svc_x", "group:staff", "", ann.id):
        with pytest.raises(NotFound):
            await create(world, owner=owner, name="x")
    await world.storage.commit([swap(USERS, ann, status="disabled")])
    with pytest.raises(Forbidden) as refused:
        await create(world, owner=ann.subject, name="x")
    assert refused.value.reason == "user.inactive"


async def test_only_what_is_declared_and_where(world: World, ann: User) -> None:
    key, _ = await create(world, owner=ann.subject, name="x", scope=["invoice:read"], organization="acme")
    assert (key.scope, key.organization) == (("invoice:read",), "acme")
    with pytest.raises(Invalid) as refused:
        await create(world, owner=ann.subject, name="x", scope=["invoice:delete"])
    assert refused.value.reason == "scope.unknown"
    with pytest.raises(Invalid) as refused:
        await create(world, owner=ann.subject, name="x", organization="nowhere")
    assert refused.value.reason == "organization.unknown"


async def test_keys_are_listed_by_owner(world: World, ann: User, clock: FakeClock) -> None:
    worker = await create_service_account(world, "ci")
    made = []
    for number in range(3):
        made.append((await create(world, owner=ann.subject, name=f"k{number}"))[0])
        clock.advance(1)
    other, _ = await create(world, owner=worker.subject, name="deploy")
    assert await reads.of_owner(world, ann.subject) == made
    assert await reads.of_owner(world, ann.subject, after=made[0].id, limit=1) == made[1:2]
    assert await reads.all_keys(world) == [*made, other]
    assert await reads.all_keys(world, after=made[2].id) == [other]
