"""Signing in and out, new passwords, and ends, in a real database."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.access.relation import RELATIONS, Relation, assignment
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Exists, Forbidden, Invalid, NotFound, Unauthenticated
from doorward.core.instant import DAY, Instant, after
from doorward.core.oauth.client import Client
from doorward.core.outcome import Relate
from doorward.core.table import Add, Table
from doorward.domain.accounts.flow import create_service_account, create_user
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, User
from doorward.domain.api_keys.flow import create
from doorward.domain.api_keys.records import API_KEYS
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.records import CONSENTS, Consent
from doorward.domain.credentials.flow import enrol, verify
from doorward.domain.credentials.records import PASSWORDS
from doorward.domain.lifecycle import flow
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.roles.records import ROLES, Role
from doorward.domain.sessions.flow import resume, start
from doorward.domain.sessions.records import SESSIONS
from doorward.domain.tokens.records import FAMILIES, Family
from doorward.ports import Verified, World

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
OTHER = "seven hungry otters juggle"


@pytest.fixture
async def ann(world: World) -> User:
    return await enrol(world, username="ann", password=PASSWORD)


async def family(world: World, user: User, id: str, session: str | None = None, client: str = "web") -> Family:
    now = world.clock.now()
    row = Family(id, user.id, client, (), "https://a.example", now, after(now, DAY), session=session)
    await world.storage.commit([Add(FAMILIES, row)])
    return row


async def ids(world: World, table: Table[object]) -> set[str]:
    return {str(table.key_of(row)[0]) for row in await world.storage.page(table)}


async def fresh(world: World, user: User) -> User:
    found = await world.storage.get(USERS, user.id)
    assert found is not None
    return found


async def test_signing_in(world: World, ann: User) -> None:
    session, secret = await flow.sign_in(world, "Ann", PASSWORD)
    found = await resume(world, secret)
    assert found is not None
    assert (found[0].id, found[1].id) == (session.id, ann.id)
    assert (session.acr, session.amr) == (world.settings.assurance, ("pwd",))
    [event] = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "session.start"]
    assert (event.target, event.data["session"]) == (ann.subject, session.id)
    with pytest.raises(Unauthenticated):
        await flow.sign_in(world, "ann", OTHER)


async def test_signing_in_again_ends_what_was_before(world: World, ann: User) -> None:
    first, planted = await flow.sign_in(world, "ann", PASSWORD)
    await family(world, ann, "fam_bound", first.id)
    await family(world, ann, "fam_offline")
    with pytest.raises(Unauthenticated):
        await flow.sign_in(world, "ann", OTHER, replaces=first.id)
    assert await resume(world, planted) is not None
    second, secret = await flow.sign_in(world, "ann", PASSWORD, replaces=first.id)
    assert await resume(world, planted) is None
    assert await resume(world, secret) is not None
    assert await ids(world, SESSIONS) == {second.id}
    assert await ids(world, FAMILIES) == {"fam_offline"}


@pytest.mark.spec("nist-800-63b#5.1.2")
async def test_signing_out_ends_the_session_and_what_hangs_on_it(world: World, ann: User) -> None:
    session, secret = await flow.sign_in(world, "ann", PASSWORD)
    await family(world, ann, "fam_bound", session.id)
    await family(world, ann, "fam_offline")
    await flow.sign_out(world, session)
    await flow.sign_out(world, session)
    assert await resume(world, secret) is None
    assert await ids(world, FAMILIES) == {"fam_offline"}
    await flow.sign_in(world, "ann", PASSWORD)
    await flow.sign_out_everywhere(world, ann)
    assert await ids(world, FAMILIES) == await ids(world, SESSIONS) == set()


async def test_a_new_password_ends_everything_but_here(world: World, ann: User) -> None:
    here, secret = await flow.sign_in(world, "ann", PASSWORD)
    _, elsewhere = await flow.sign_in(world, "ann", PASSWORD)
    kept = await family(world, ann, "fam_here", here.id)
    await family(world, ann, "fam_elsewhere", "ses_other")
    await family(world, ann, "fam_offline")
    renewed = await flow.change_password(world, ann, PASSWORD, OTHER, kept=here)
    assert renewed is not None
    found = await resume(world, renewed)
    assert found is not None
    assert found[0].id == here.id
    assert await resume(world, secret) is None  # whoever copied the cookie is out
    assert await resume(world, elsewhere) is None
    assert await world.storage.page(FAMILIES) == [kept]
    assert (await verify(world, "ann", OTHER)).id == ann.id
    with pytest.raises(Unauthenticated):
        await verify(world, "ann", PASSWORD)


async def test_a_new_password_without_a_session_ends_everything(world: World, ann: User) -> None:
    ben = await enrol(world, username="ben", password=PASSWORD)
    bens, bens_secret = await flow.sign_in(world, "ben", PASSWORD)
    anns, secret = await flow.sign_in(world, "ann", PASSWORD)
    assert await flow.change_password(world, ann, PASSWORD, OTHER, kept=bens) is None
    assert await resume(world, secret) is None
    assert await resume(world, bens_secret) is not None
    await flow.change_password(world, ben, PASSWORD, OTHER, kept=anns)
    assert await ids(world, SESSIONS) == set()


async def test_a_password_is_changed_only_with_the_old_one(world: World, ann: User) -> None:
    _, secret = await flow.sign_in(world, "ann", PASSWORD)
    with pytest.raises(Unauthenticated):
        await flow.change_password(world, ann, OTHER, OTHER + " again")
    with pytest.raises(Invalid) as refused:
        await flow.change_password(world, ann, PASSWORD, "short")
    assert refused.value.reason == "password.short"
    assert await resume(world, secret) is not None
    assert (await verify(world, "ann", PASSWORD)).id == ann.id


async def test_an_administrator_sets_a_password(world: World, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    _, secret = await flow.sign_in(world, "ann", PASSWORD)
    await family(world, ann, "fam_offline")
    await flow.reset_password(world, ann, OTHER)
    assert await resume(world, secret) is None
    assert await ids(world, FAMILIES) == set()
    assert (await verify(world, "ann", OTHER)).id == ann.id
    ben = await create_user(world, username="ben")
    real, runs = world.commit, []

    async def contested(self: World, outcome: object) -> object:
        runs.append(outcome)
        if len(runs) == 1:
            raise Exists("passwords", ("user",))
        return await real(outcome)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(World, "commit", contested)
    await flow.reset_password(world, ben, OTHER)
    assert len(runs) == 2


class Meanwhile:
    """A hasher beside whose work something else is done."""

    def __init__(self, world: World, act: object) -> None:
        self._world, self._act = world, act

    async def hash(self, password: str) -> str:
        return await self._world.hasher.hash(password)

    async def verify(self, hash: str | None, password: str) -> Verified:
        verdict = await self._world.hasher.verify(hash, password)
        await self._act()  # type: ignore[operator]  # a coroutine function
        return verdict


@pytest.mark.parametrize("act", ["disable", "delete", "change", "reset"])
async def test_a_sign_in_under_way_does_not_outrun_an_end(world: World, ann: User, act: str) -> None:
    async def end() -> None:
        match act:
            case "disable":
                await flow.disable_user(world, ann)
            case "delete":
                await flow.delete_user(world, ann)
            case "change":
                await flow.change_password(world, ann, PASSWORD, OTHER)
            case _:
                await flow.reset_password(world, ann, OTHER)

    beside = replace(world, hasher=Meanwhile(world, end))
    with pytest.raises(Unauthenticated):
        await flow.sign_in(beside, "ann", PASSWORD)
    assert await ids(world, SESSIONS) == set()


async def test_disabling_a_user(world: World, ann: User) -> None:
    _, secret = await flow.sign_in(world, "ann", PASSWORD)
    await family(world, ann, "fam_offline")
    await create(world, owner=ann.subject, name="laptop")
    off = await flow.disable_user(world, ann)
    assert off.status == "disabled"
    assert await resume(world, secret) is None
    assert await ids(world, FAMILIES) == await ids(world, SESSIONS) == set()
    assert len(await ids(world, API_KEYS)) == 1
    with pytest.raises(Unauthenticated):
        await flow.sign_in(world, "ann", PASSWORD)
    with pytest.raises(Forbidden):
        await start(world, ann, acr="", amr=())
    assert (await flow.disable_user(world, ann)) == off
    assert (await flow.enable_user(world, ann)).status == "active"
    assert await resume(world, secret) is None
    await flow.sign_in(world, "ann", PASSWORD)


async def test_deleting_a_user_leaves_the_record_alone(world: World, ann: User) -> None:
    ben = await enrol(world, username="ben", password=PASSWORD)
    for user in (ann, ben):
        await flow.sign_in(world, user.username, PASSWORD)
        await family(world, user, f"fam_{user.username}")
        await create(world, owner=user.subject, name="laptop")
        rows = [
            Relation("group:staff", "member", user.subject),
            Relation("organization:acme", "member", user.subject),
            assignment("clerk", "*", user.subject),
            Relation(user.subject, "manager", "user:usr_boss"),
            Relation("invoice:7", "viewer", f"{user.subject}0"),
        ]
        changes = [Relate(row) for row in rows]
        await world.storage.commit([Add(CONSENTS, Consent(user.id, "web", (), Instant(0))), *changes])
    before = await world.storage.page(AUDIT_EVENTS)
    await flow.delete_user(world, ann)
    for table in (USERS, PASSWORDS, SESSIONS, FAMILIES, API_KEYS, CONSENTS):
        assert len(await world.storage.page(table)) == 1
    left = {(row.object, row.subject) for row in await world.storage.page(RELATIONS)}
    assert not any(ann.subject in row for row in left)
    assert len(left) == 6
    after_it = await world.storage.page(AUDIT_EVENTS)
    assert all(event in after_it for event in before)
    again = await enrol(world, username="ann", password=PASSWORD)
    assert again.id != ann.id
    assert await resume(world, (await flow.sign_in(world, "ann", PASSWORD))[1])
    with pytest.raises(NotFound):
        await flow.delete_user(world, ann)
    with pytest.raises(NotFound):
        await flow.sign_out_everywhere(world, ann)


async def test_a_user_with_many_relations_is_deleted_whole(world: World, ann: User) -> None:
    await world.storage.commit([Relate(Relation(f"invoice:{n}", "viewer", ann.subject)) for n in range(2500)])
    await flow.delete_user(world, ann)
    assert await world.storage.page(RELATIONS) == []


async def test_service_accounts(world: World) -> None:
    worker = await create_service_account(world, "worker")
    await create(world, owner=worker.subject, name="k")
    await world.storage.commit([Relate(assignment("clerk", "*", worker.subject))])
    assert (await flow.disable_service_account(world, worker)).status == "disabled"
    assert (await flow.enable_service_account(world, worker)).status == "active"
    await flow.delete_service_account(world, worker)
    assert await ids(world, API_KEYS) == await ids(world, SERVICE_ACCOUNTS) == set()
    assert await world.storage.page(RELATIONS) == []
    with pytest.raises(NotFound):
        await flow.disable_service_account(world, worker)


async def test_clients(world: World, ann: User) -> None:
    worker = await create_service_account(world, "web")
    client = Client("web", "Web", service_account=worker.id)
    other = Client("other", "Other")
    await world.storage.commit([Add(CLIENTS, client), Add(CLIENTS, other)])
    await family(world, ann, "fam_web")
    await family(world, ann, "fam_other", client="other")
    await world.storage.commit([Add(CONSENTS, Consent(ann.id, "web", (), Instant(0)))])
    assert (await flow.disable_client(world, client)).status == "disabled"
    assert await ids(world, FAMILIES) == {"fam_other"}
    assert (await flow.enable_client(world, client)).status == "active"
    await flow.delete_client(world, client)
    await flow.delete_client(world, other)
    for table in (CLIENTS, CONSENTS, FAMILIES, SERVICE_ACCOUNTS):
        assert await ids(world, table) == set()
    with pytest.raises(NotFound):
        await flow.delete_client(world, client)


async def test_organizations(world: World, ann: User) -> None:
    acme, globex = Organization("acme", "Acme"), Organization("globex", "Globex")
    rows = []
    for place in (acme, globex):
        rows += [
            Relation(place.object, "member", ann.subject),
            assignment("clerk", place.object, ann.subject),
            Relation(f"invoice:{place.id}", "dw_organization", place.object),
            Relation("report:1", "viewer", f"{place.object}#member"),
        ]
    await world.storage.commit(
        [Add(ORGANIZATIONS, acme), Add(ORGANIZATIONS, globex), Add(ROLES, Role("clerk", ())), *map(Relate, rows)]
    )
    assert (await flow.disable_organization(world, acme)).status == "disabled"
    assert (await flow.enable_organization(world, acme)).status == "active"
    await flow.delete_organization(world, acme)
    assert await ids(world, ORGANIZATIONS) == {"globex"}
    left = await world.storage.page(RELATIONS)
    assert len(left) == 4
    assert not any("acme" in row.object + row.subject for row in left)
    with pytest.raises(NotFound):
        await flow.enable_organization(world, acme)
