"""Every artefact × every event that ends something × at once, in another process, after a restart.

And a cache that keeps a Proof must hear of each end: the change feed names a row that the proof rests on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from doorward.core.access.relation import assignment
from doorward.core.errors import DoorwardError
from doorward.core.instant import DAY, after
from doorward.core.oauth.client import Client
from doorward.core.outcome import Relate, Unrelate
from doorward.core.principal import Principal
from doorward.core.table import Add
from doorward.domain.accounts.flow import create_service_account
from doorward.domain.accounts.reads import subject
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, ServiceAccount, User
from doorward.domain.api_keys.flow import create, revoke
from doorward.domain.clients.records import CLIENTS
from doorward.domain.credentials.flow import enrol
from doorward.domain.decisions.authenticate import authenticate, authenticate_session, prove
from doorward.domain.decisions.flow import decide
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.roles.records import RESOURCE_SERVERS, ROLES, ResourceServer, Role
from doorward.domain.sessions.records import SESSIONS
from doorward.domain.signing_keys.flow import ensure
from doorward.domain.tokens.flow import access_token
from doorward.domain.tokens.flow import revoke as revoke_token
from doorward.domain.tokens.records import FAMILIES, Family
from doorward.ports import Revision, World
from doorward.testing import FakeClock, open_world
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery staple"
OTHER = "seven hungry otters juggle"
API = "https://api.example.com"

USERS_OWN = ("session", "bound token", "offline token", "key", "scoped key")
ALL = (*USERS_OWN, "service token", "service key", "bystander")


@dataclass
class Stage:
    """A world with one of every artefact, all alive."""

    world: World
    ann: User
    worker: ServiceAccount
    web: Client
    job: Client
    secrets: Mapping[str, str]
    ids: Mapping[str, str]


async def staged(world: World) -> Stage:
    await ensure(world)
    ann = await enrol(world, username="ann", password=PASSWORD)
    ben = await enrol(world, username="ben", password=PASSWORD)
    worker = await create_service_account(world, "job")
    web, job = Client("web", "Web"), Client("job", "Job", service_account=worker.id)
    session, cookie = await lifecycle.sign_in(world, "ann", PASSWORD)
    now = world.clock.now()
    bound = Family("fam_bound", ann.id, "web", (), API, now, after(now, DAY), session=session.id)
    offline = Family("fam_offline", ann.id, "web", (), API, now, after(now, DAY))
    await world.storage.commit(
        [
            Add(RESOURCE_SERVERS, ResourceServer(API, "API", ("invoice:read", "invoice:pay"))),
            Add(ROLES, Role("clerk", ("invoice:read",))),
            Add(ORGANIZATIONS, Organization("acme", "Acme")),
            *(Add(CLIENTS, client) for client in (web, job)),
            *(Add(FAMILIES, family) for family in (bound, offline)),
            *(Relate(assignment("clerk", "*", who)) for who in (ann.subject, ben.subject, worker.subject)),
        ]
    )
    key, key_secret = await create(world, owner=ann.subject, name="all")
    scoped, scoped_secret = await create(world, owner=ann.subject, name="one", scope=["invoice:read"])
    _, service_secret = await create(world, owner=worker.subject, name="job")
    _, bystander = await create(world, owner=ben.subject, name="ben's")

    async def token(subject: str, client: str, family: str | None = None, session: str | None = None) -> str:
        made = await access_token(
            world,
            subject=subject,
            client_id=client,
            scope=["invoice:read"],
            audience=API,
            family=family,
            session=session,
        )
        return made[0]

    secrets = {
        "session": cookie,
        "bound token": await token(ann.id, "web", "fam_bound", session.id),
        "offline token": await token(ann.id, "web", "fam_offline"),
        "key": key_secret,
        "scoped key": scoped_secret,
        "service token": await token(worker.id, "job"),
        "service key": service_secret,
        "bystander": bystander,
    }
    return Stage(world, ann, worker, web, job, secrets, {"session": session.id, "key": key.id, "scoped key": scoped.id})


async def identified(world: World, artefact: str, secret: str) -> Principal | None:
    if artefact == "session":
        return await authenticate_session(world, secret)
    try:
        return await authenticate(world, secret, audience=API)
    except DoorwardError:
        return None


async def alive(world: World, stage: Stage) -> set[str]:
    """Which artefacts still get into `invoice:read`."""
    found = set()
    for artefact, secret in stage.secrets.items():
        who = await identified(world, artefact, secret)
        if who is not None and decide(world, who, "invoice:read"):
            found.add(artefact)
    return found


async def _sign_out(stage: Stage) -> None:
    session = await stage.world.storage.get(SESSIONS, stage.ids["session"])
    assert session is not None
    await lifecycle.sign_out(stage.world, session)


async def _sign_in_again(stage: Stage) -> None:
    await lifecycle.sign_in(stage.world, "ann", PASSWORD, replaces=stage.ids["session"])


async def _change_password(stage: Stage) -> None:
    await lifecycle.change_password(stage.world, stage.ann, PASSWORD, OTHER)


async def _change_password_here(stage: Stage) -> None:
    session = await stage.world.storage.get(SESSIONS, stage.ids["session"])
    await lifecycle.change_password(stage.world, stage.ann, PASSWORD, OTHER, kept=session)


async def _disable_and_enable(stage: Stage) -> None:
    await lifecycle.disable_user(stage.world, stage.ann)
    await lifecycle.enable_user(stage.world, stage.ann)


async def _delete_and_make_again(stage: Stage) -> None:
    await lifecycle.delete_user(stage.world, stage.ann)
    again = await enrol(stage.world, username="ann", password=PASSWORD)
    await stage.world.storage.commit([Relate(assignment("clerk", "*", again.subject))])


async def _remove_role(stage: Stage) -> None:
    await stage.world.storage.commit([Unrelate(assignment("clerk", "*", stage.ann.subject))])


async def _revoke_token(stage: Stage) -> None:
    await revoke_token(stage.world, stage.secrets["offline token"], stage.web)


EVENTS: dict[str, tuple[Callable[[Stage], Awaitable[object]], set[str]]] = {
    "sign out": (_sign_out, {"session", "bound token"}),
    "sign in again": (_sign_in_again, {"session", "bound token"}),
    "sign out everywhere": (
        lambda s: lifecycle.sign_out_everywhere(s.world, s.ann),
        {"session", "bound token", "offline token"},
    ),
    "change password": (_change_password, {"session", "bound token", "offline token"}),
    "change password, here kept": (_change_password_here, {"session", "offline token"}),  # its cookie has a new secret
    "reset password": (
        lambda s: lifecycle.reset_password(s.world, s.ann, OTHER),
        {"session", "bound token", "offline token"},
    ),
    "disable user": (lambda s: lifecycle.disable_user(s.world, s.ann), set(USERS_OWN)),
    "disable and enable user": (_disable_and_enable, {"session", "bound token", "offline token"}),
    "delete user": (lambda s: lifecycle.delete_user(s.world, s.ann), set(USERS_OWN)),
    "delete user, same name again": (_delete_and_make_again, set(USERS_OWN)),
    "remove role": (_remove_role, set(USERS_OWN)),
    "revoke key": (lambda s: revoke(s.world, s.ids["key"]), {"key"}),
    "revoke token": (_revoke_token, {"offline token"}),
    "disable client": (lambda s: lifecycle.disable_client(s.world, s.web), {"bound token", "offline token"}),
    "delete client": (lambda s: lifecycle.delete_client(s.world, s.web), {"bound token", "offline token"}),
    "disable confidential client": (lambda s: lifecycle.disable_client(s.world, s.job), {"service token"}),
    "delete confidential client": (lambda s: lifecycle.delete_client(s.world, s.job), {"service token", "service key"}),
    "disable service account": (
        lambda s: lifecycle.disable_service_account(s.world, s.worker),
        {"service token", "service key"},
    ),
    "delete service account": (
        lambda s: lifecycle.delete_service_account(s.world, s.worker),
        {"service token", "service key"},
    ),
}
RIGHTS_ONLY = {"remove role"}
"""Events that end no credential, only what it may do."""


remembered: dict[str, list[bool]] = {"let in": [], "deaf": []}
"""What the planted weaknesses would have let in, over all events."""


@pytest.mark.parametrize("event", EVENTS)
async def test_what_an_event_ends_is_dead_everywhere(tmp_path: Path, clock: FakeClock, event: str) -> None:
    file = tmp_path / "doorward.db"
    world = await open_world(file, clock=clock)
    other = replace(await open_world(file, clock=clock), keyring=world.keyring)
    stage = await staged(world)
    for place in (world, other):
        assert await alive(place, stage) == set(ALL)
    act, ends = EVENTS[event]
    before = [await identified(world, artefact, stage.secrets[artefact]) for artefact in sorted(ends)]
    await act(stage)
    through = 0
    for place in (world, other):
        now_alive = await alive(place, stage)
        through += len(now_alive & ends)
        assert now_alive >= set(ALL) - ends, "more ended than should"
    remembered["let in"] += [who is not None and bool(decide(world, who, "invoice:read")) for who in before]
    await other.storage.close()
    await world.storage.close()
    again = replace(await open_world(file, clock=clock), keyring=world.keyring)
    through += len(await alive(again, stage) & ends)
    await again.storage.close()
    weak = remembered["let in"]
    planted = f"a caller remembered in spite of the event: {sum(weak)} of {len(weak)} let in"
    name = "artefacts × events: here, in another process, restarted"
    figures.record(9, name, 3 * len(ends), through, planted)


@pytest.mark.parametrize("event", [name for name in EVENTS if name not in RIGHTS_ONLY])
async def test_a_cache_hears_of_every_end(world: World, event: str) -> None:
    stage = await staged(world)
    act, ends = EVENTS[event]
    proofs = {a: await prove(world, s, audience=API) for a, s in stage.secrets.items() if a != "session"}
    before = Revision(world.storage.feed().revision())
    await act(stage)
    changes = await world.storage.changes(before)
    assert changes is not None
    changed = {(change.table, tuple(change.key)) for change in changes if change.relation is None}
    concerned = sorted(ends - {"session"})
    deaf = [artefact for artefact in concerned if not proofs[artefact].rests_on & changed]
    assert not proofs["bystander"].rests_on & changed
    owners_only = {"users", "service_accounts"}
    remembered["deaf"] += [
        not {row for row in proofs[artefact].rests_on if row[0] in owners_only} & changed for artefact in concerned
    ]
    weak = remembered["deaf"]
    planted = f"a proof that rests on its owner alone: {sum(weak)} of {len(weak)} unheard"
    figures.record(9, "ends that the feed tells a cache of", len(concerned), len(deaf), planted)


async def test_a_key_never_outlives_its_owners_rights(world: World) -> None:
    stage = await staged(world)
    tried, through = 0, 0

    async def may(artefact: str, permission: str) -> bool:
        nonlocal tried
        tried += 1
        who = await identified(world, artefact, stage.secrets[artefact])
        return who is not None and bool(decide(world, who, permission))

    assert await may("key", "invoice:read")
    assert await may("scoped key", "invoice:read")
    through += await may("key", "invoice:pay")  # the owner does not hold it
    await world.storage.commit([Add(ROLES, Role("payer", ("invoice:pay",)))])
    pay = Relate(assignment("payer", "*", stage.ann.subject))
    await world.storage.commit([pay])
    assert await may("key", "invoice:pay")
    through += await may("scoped key", "invoice:pay")  # the key does not carry it
    key_itself = [Relate(assignment("payer", "*", f"api_key:{stage.ids['scoped key']}"))]
    await world.storage.commit(key_itself)
    through += await may("scoped key", "invoice:pay")  # a role of the key's own gives nothing
    scoped = await identified(world, "scoped key", stage.secrets["scoped key"])
    assert scoped is not None
    assert decide(world, replace(scoped, scopes=None), "invoice:pay"), "a scope not looked at is found"
    await world.storage.commit([Unrelate(assignment(role, "*", stage.ann.subject)) for role in ("clerk", "payer")])
    for permission in ("invoice:read", "invoice:pay"):
        through += await may("key", permission)
        through += await may("scoped key", permission)
    who = await identified(world, "key", stage.secrets["key"])
    assert who is not None
    await world.storage.commit([Relate(assignment("clerk", "*", stage.ann.subject))])
    assert await may("key", "invoice:read")
    await lifecycle.disable_user(world, stage.ann)
    through += await may("key", "invoice:read")
    through += bool(decide(world, who, "invoice:read"))  # a principal from before
    figures.record(
        28, "a key and its owner's rights", tried + 1, through, "the key's scope not looked at, caught after 4"
    )


async def test_what_is_gone_by_name_is_gone(world: World) -> None:
    stage = await staged(world)
    await lifecycle.delete_service_account(world, stage.worker)
    assert await world.storage.get(SERVICE_ACCOUNTS, stage.worker.id) is None
    with pytest.raises(DoorwardError):
        await subject(world, stage.worker.id)
