"""Sessions in a real database."""

from __future__ import annotations

import anyio
import pytest

from doorward.core.access.relation import Relation
from doorward.core.audit import Caller
from doorward.core.errors import Forbidden
from doorward.core.outcome import Relate
from doorward.core.secret import new_secret, well_formed
from doorward.core.table import Add, Delete, swap
from doorward.domain.accounts.flow import create_user
from doorward.domain.accounts.records import USERS, User
from doorward.domain.groups.records import GROUPS, Group
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.sessions.flow import end, resume, start, switch_organization
from doorward.domain.sessions.reads import by_id, of_user
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.ports import World
from doorward.testing import FakeClock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(world: World) -> User:
    return await create_user(world, username="ann")


async def begin(world: World, user: User, replaces: str | None = None) -> tuple[Session, str]:
    return await start(world, user, acr="urn:x", amr=("pwd",), replaces=replaces)


@pytest.mark.spec("nist-800-63b#5.1.1")
async def test_the_secret_is_the_only_way_in(world: World, ann: User) -> None:
    session, secret = await begin(world, ann)
    found = await resume(world, secret)
    assert found is not None
    assert (found[0], found[1].id) == (session, ann.id)
    assert await world.storage.get(SESSIONS, session.id) == session
    assert secret not in repr(session)
    assert well_formed(secret, "dws")
    other = new_secret("dws", world.entropy.bytes(32))
    for wrong in ("", session.id, session.digest, secret[:-1], secret + "x", secret.swapcase(), other, "\ud800", "é"):
        assert await resume(world, wrong) is None


async def test_a_new_sign_in_has_a_new_secret_and_ends_the_old(world: World, ann: User) -> None:
    first, planted = await begin(world, ann)
    second, secret = await begin(world, ann, replaces=first.id)
    assert secret != planted
    assert await resume(world, planted) is None
    assert await resume(world, secret) is not None
    assert await of_user(world, ann.id) == [second]


async def test_it_records_where_and_when(world: World, ann: User, clock: FakeClock) -> None:
    here = world.on_behalf_of(Caller(address="192.0.2.1", agent="curl"))
    session, _ = await begin(here, ann)
    assert (session.address, session.agent) == ("192.0.2.1", "curl")
    user = await world.storage.get(USERS, ann.id)
    assert user is not None
    assert user.last_seen == clock.now()


@pytest.mark.spec("nist-800-63b#5.2.1")
async def test_it_lives_by_use_and_not_for_ever(world: World, ann: User, clock: FakeClock) -> None:
    session, secret = await begin(world, ann)
    idle, lifetime = world.settings.session_idle, world.settings.session_lifetime
    clock.advance(idle - 1)
    assert await resume(world, secret) is not None
    clock.advance(idle - 1)
    assert await resume(world, secret) is not None
    clock.advance(idle)
    assert await resume(world, secret) is None
    session, secret = await begin(world, ann)
    for _ in range(lifetime // (idle - 60)):
        clock.advance(idle - 60)
        if await resume(world, secret) is None:
            break
    assert clock.now() <= session.ends
    clock.advance(idle)
    assert await resume(world, secret) is None


async def test_without_its_user_it_is_nothing(world: World, ann: User) -> None:
    _, secret = await begin(world, ann)
    user = await world.storage.get(USERS, ann.id)
    assert user is not None
    disabled = swap(USERS, user, status="disabled")
    await world.storage.commit([disabled])
    assert await resume(world, secret) is None
    with pytest.raises(Forbidden):
        await begin(world, ann)
    await world.storage.commit([Delete(USERS, (ann.id,))])
    assert await resume(world, secret) is None
    with pytest.raises(Forbidden):
        await begin(world, ann)


async def test_ending_is_for_good_and_twice_is_no_error(world: World, ann: User) -> None:
    session, secret = await begin(world, ann)
    await end(world, session)
    await end(world, session)
    assert await resume(world, secret) is None
    assert await by_id(world, session.id) is None


async def test_many_requests_at_once_share_one_touch(world: World, ann: User, clock: FakeClock) -> None:
    session, secret = await begin(world, ann)
    clock.advance(61)
    found: list[Session] = []

    async def use() -> None:
        resumed = await resume(world, secret)
        assert resumed is not None
        found.append(resumed[0])

    async with anyio.create_task_group() as group:
        for _ in range(32):
            group.start_soon(use)
    assert len(found) == 32
    now_is = await by_id(world, session.id)
    assert now_is is not None
    assert now_is.version == 2


async def test_a_member_switches_the_organization_and_others_do_not(world: World, ann: User) -> None:
    session, secret = await begin(world, ann)
    await world.storage.commit([Add(ORGANIZATIONS, Organization(id, id)) for id in ("acme", "globex", "closed")])
    closed = await world.storage.get(ORGANIZATIONS, "closed")
    assert closed is not None
    await world.storage.commit(
        [
            swap(ORGANIZATIONS, closed, status="disabled"),
            Relate(Relation("organization:acme", "member", ann.subject)),
            Relate(Relation("organization:closed", "member", ann.subject)),
        ]
    )
    switched = await switch_organization(world, session, "acme")
    assert switched.organization == "acme"
    for other in ("globex", "closed", "nowhere", "", "acme#member"):
        with pytest.raises(Forbidden) as refused:
            await switch_organization(world, session, other)
        assert refused.value.reason == "organization.other"
    found = await resume(world, secret)
    assert found is not None
    assert found[0].organization == "acme"
    assert (await switch_organization(world, session, None)).organization is None
    await end(world, session)
    with pytest.raises(Forbidden):
        await switch_organization(world, session, "acme")


async def test_members_by_way_of_groups_count(world: World, ann: User) -> None:
    session, _ = await begin(world, ann)
    await world.storage.commit(
        [
            Add(ORGANIZATIONS, Organization("acme", "Acme")),
            Add(GROUPS, Group("staff", "Staff")),
            Relate(Relation("group:staff", "member", ann.subject)),
            Relate(Relation("organization:acme", "member", "group:staff#member")),
        ]
    )
    assert (await switch_organization(world, session, "acme")).organization == "acme"


async def test_sessions_are_listed_by_page(world: World, ann: User, clock: FakeClock) -> None:
    begun = []
    for _ in range(5):
        begun.append((await begin(world, ann))[0].id)
        clock.advance(1)
    ben = await create_user(world, username="ben")
    await begin(world, ben)
    first = await of_user(world, ann.id, limit=2)
    rest = await of_user(world, ann.id, after=first[-1].id)
    assert [session.id for session in first + rest] == begun
