"""decide against a second implementation that enumerates everything; tenants apart; keys below their owners."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import anyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doorward.core.access.relation import DEFAULT_STORE, Relation
from doorward.core.decision import Allow
from doorward.core.instant import Instant
from doorward.core.outcome import Change, Relate, keep
from doorward.core.principal import Principal
from doorward.core.table import Add
from doorward.domain.accounts.records import USERS, User
from doorward.domain.decisions import decide
from doorward.domain.groups.records import GROUPS, Group
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.relations.records import MODELS, ModelVersion
from doorward.domain.roles.records import RESOURCE_SERVERS, ROLES, ResourceServer, Role
from doorward.ports import World
from doorward.testing import open_world

USER_IDS, ORGS, GROUP_IDS = ("ann", "bob", "off"), ("acme", "globex", "closed"), ("g", "h")
PERMISSIONS = ("invoice:read", "invoice:pay", "paper:read")
OBJECTS = ("invoice:1", "invoice:2", "paper:1")
MODEL = """model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type invoice
  relations
    define viewer: [user, group#member]
    define banned: [user]
    define can_read: viewer but not banned
"""


@dataclass(frozen=True)
class State:
    """A whole installation: rows as triples, roles as sets."""

    roles: dict[str, frozenset[str]]
    rows: frozenset[tuple[str, str, str]]


holders = st.sampled_from([*(f"user:{id}" for id in USER_IDS), *(f"group:{id}#member" for id in GROUP_IDS)])
places = st.sampled_from(["*", *(f"organization:{id}" for id in ORGS), *OBJECTS])
rows = st.lists(
    st.one_of(
        st.tuples(st.builds("dw_role:{}/{}".format, st.sampled_from("rs"), places), st.just("assignee"), holders),
        st.tuples(st.sampled_from([f"group:{id}" for id in GROUP_IDS]), st.just("member"), holders),
        st.tuples(st.sampled_from(OBJECTS[:2]), st.just("viewer"), holders),
        st.tuples(st.sampled_from(OBJECTS[:2]), st.just("banned"), st.sampled_from(["user:ann", "user:bob"])),
    ),
    max_size=12,
)
homes = st.dictionaries(st.sampled_from(OBJECTS), st.sampled_from(ORGS))
states = st.builds(
    lambda r, s, rows, homes: State(
        {"r": r, "s": s},
        frozenset(rows) | {(object, "dw_organization", f"organization:{id}") for object, id in homes.items()},
    ),
    st.frozensets(st.sampled_from(PERMISSIONS)),
    st.frozensets(st.sampled_from(PERMISSIONS)),
    rows,
    homes,
)


async def _build(world: World, state: State) -> None:
    changes: list[Change] = [
        *(Add(USERS, User(id, id, id, status="disabled" if id == "off" else "active")) for id in USER_IDS),
        *(Add(GROUPS, Group(id, id)) for id in GROUP_IDS),
        *(Add(ORGANIZATIONS, Organization(id, id, "disabled" if id == "closed" else "active")) for id in ORGS),
        *(Add(ROLES, Role(name, tuple(sorted(permissions)))) for name, permissions in state.roles.items()),
        Add(RESOURCE_SERVERS, ResourceServer("urn:x", "x", PERMISSIONS[:2])),
        Add(MODELS, ModelVersion("mod_1", DEFAULT_STORE, MODEL, Instant(0))),
        *(Relate(Relation(*row)) for row in sorted(state.rows)),
    ]
    await world.commit(keep(None, *changes))


def _members(state: State, user: str) -> set[str]:
    """Every name by which the user may be written: grown until nothing is added."""
    names = {user}
    while True:
        more = {f"{o}#member" for o, r, s in state.rows if r == "member" and s in names}
        if more <= names:
            return names
        names |= more


def _naive(state: State, who: Principal, permission: str, object: str | None, organization: str | None) -> str:
    """The reason, by making every list there is and looking at what is in it."""
    home = next((s.split(":")[1] for o, r, s in state.rows if (o, r) == (object, "dw_organization")), None)
    place = home if object else organization or who.organization
    names = _members(state, who.subject)
    held = [
        (rest.split("/", 1)[0], rest.split("/", 1)[1])
        for o, r, s in state.rows
        if r == "assignee" and s in names
        for rest in [o.removeprefix("dw_role:")]
    ]
    giving = [(role, where) for role, where in held if permission in state.roles[role]]
    here = {"*": "role.everywhere", f"organization:{place}": "role.organization", object: "role.object"}
    by_role = [here[where] for _, where in giving if where in here]
    named = [id for id in (organization, home, who.organization) if id]
    defined = permission == "invoice:read" and object is not None and object.startswith("invoice:")
    viewers = {s for o, r, s in state.rows if (o, r) == (object, "viewer")}
    related = defined and bool(viewers & names) and (object, "banned", who.subject) not in state.rows
    faults = {
        "user.inactive": who.subject not in ("user:ann", "user:bob"),
        "permission.unknown": permission not in PERMISSIONS[:2],
        "scope.missing": who.scopes is not None and permission not in who.scopes,
        "organization.unknown": any(id not in ORGS for id in named),
        "organization.inactive": "closed" in named,
        "organization.mismatch": object is not None and organization is not None and organization != home,
        "organization.other": bool(who.organization and place and place != who.organization),
    }
    for reason, present in faults.items():
        if present:
            return reason
    for reason in ("role.everywhere", "role.organization", "role.object"):
        if reason in by_role:
            return reason
    if related:
        return "relation"
    if giving:
        return "role.elsewhere"
    return "relation.missing" if defined else "role.missing"


def _questions() -> Iterator[tuple[Principal, str, str | None, str | None]]:
    callers = [Principal(f"user:{id}", "session") for id in (*USER_IDS, "gone")]
    callers += [replace(callers[0], organization=id) for id in (*ORGS, "gone")]
    callers += [replace(callers[0], credential_kind="api_key", scopes=frozenset({"invoice:read"}))]
    yield from product(callers, PERMISSIONS, (None, *OBJECTS), (None, "acme", "globex", "closed", "gone"))


def _check(world: World, state: State) -> None:
    for who, permission, object, organization in _questions():
        asked = f"{who.subject} in {who.organization}: {permission} on {object} in {organization}"
        decided = decide(world, who, permission, object, organization)
        assert decided.reason == _naive(state, who, permission, object, organization), asked
        assert bool(decided) == isinstance(decided, Allow)
        homes = {s.split(":")[1] for o, r, s in state.rows if (o, r) == (object, "dw_organization")}
        if decided and who.organization is not None:
            assert homes <= {who.organization}, f"{asked}: crossed"
        if who.scopes is not None:
            owner = decide(world, replace(who, scopes=None), permission, object, organization)
            assert bool(decided) == (bool(owner) and permission in who.scopes), f"{asked}: key and owner"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(states)
def test_decide_is_what_the_lists_say(state: State) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            world = await open_world(Path(folder) / "doorward.db")
            try:
                await _build(world, state)
                _check(world, state)
            finally:
                await world.storage.close()

    anyio.run(run)
