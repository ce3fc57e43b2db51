"""decide on a real database: who, where, by what, what stops it, and the trace that tells so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from doorward.core.access.relation import PLACE, Relation
from doorward.core.decision import Allow, Deny
from doorward.core.errors import Invalid, Unavailable
from doorward.core.instant import Seconds, after
from doorward.core.outcome import Relate, Unrelate, keep
from doorward.core.principal import Principal
from doorward.core.table import Delete, swap
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts.records import USERS, User
from doorward.domain.decisions import decide, permissions_of
from doorward.domain.decisions.flow import allows
from doorward.domain.decisions.trace import render
from doorward.domain.groups import flow as groups
from doorward.domain.organizations import flow as organizations
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.ports import Relations, World
from doorward.testing import FakeClock, open_world

pytestmark = pytest.mark.anyio

MODEL = """model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type folder
  relations
    define viewer: [user, group#member]
type invoice
  relations
    define folder: [folder]
    define banned: [user]
    define viewer: [user] or viewer from folder
    define can_read: viewer but not banned
"""


@dataclass
class Town:
    """Two organizations, an invoice in each and one in none, and ann, who is a clerk in acme."""

    world: World
    ann: User

    @property
    def who(self) -> Principal:
        return Principal(self.ann.subject, "session")

    def reason(self, permission: str, object: str | None = None, organization: str | None = None, **who: Any) -> str:
        return decide(self.world, replace(self.who, **who), permission, object, organization).reason


@pytest.fixture
async def town(world: World) -> Town:
    ann = await accounts.create_user(world, username="ann")
    await roles.declare(world, "urn:api", "api", ["invoice:read", "invoice:pay", "invoice:list"])
    await roles.put_role(world, "clerk", ["invoice:read"])
    await roles.put_role(world, "owner", ["invoice:*"])
    for organization, invoice in (("acme", "invoice:1"), ("globex", "invoice:2")):
        await organizations.create(world, organization)
        await relations.place(world, invoice, organization)
    await roles.assign(world, ann.subject, "clerk", "organization:acme")
    return Town(world, ann)


async def test_a_role_counts_where_it_is_held(town: Town) -> None:
    assert town.reason("invoice:read", "invoice:1") == "role.organization"
    assert town.reason("invoice:read", "invoice:2") == "role.elsewhere"
    assert town.reason("invoice:read", "invoice:3") == "role.elsewhere"
    assert town.reason("invoice:read", organization="acme") == "role.organization"
    assert town.reason("invoice:read", organization="globex") == "role.elsewhere"
    assert town.reason("invoice:read") == "role.elsewhere"
    assert town.reason("invoice:pay", "invoice:1") == "role.missing"
    await roles.assign(town.world, town.ann.subject, "owner", "invoice:2")
    assert town.reason("invoice:pay", "invoice:2") == "role.object"
    assert town.reason("invoice:pay", "invoice:1") == "role.elsewhere"
    await roles.assign(town.world, town.ann.subject, "owner")
    assert town.reason("invoice:pay", "invoice:1") == "role.everywhere"
    assert town.reason("invoice:pay") == "role.everywhere"


async def test_the_organization_itself_is_an_object(town: Town) -> None:
    assert town.reason("invoice:read", "organization:acme") == "role.organization"
    assert town.reason("invoice:read", "organization:globex") == "role.elsewhere"
    assert town.reason("invoice:read", "organization:nowhere") == "organization.unknown"


async def test_the_active_organization_is_the_place_and_the_bound(town: Town) -> None:
    await roles.assign(town.world, town.ann.subject, "clerk", "organization:globex")
    assert town.reason("invoice:read", organization="acme", object=None) == "role.organization"
    who = replace(town.who, organization="acme")
    decided = decide(town.world, who, "invoice:read")
    assert decided.reason == "role.organization"
    for object, organization in (("invoice:2", None), (None, "globex"), ("organization:globex", None)):
        decided = decide(town.world, who, "invoice:read", object, organization)
        assert decided.reason == "organization.other"


async def test_named_and_actual_organization_must_agree(town: Town) -> None:
    assert town.reason("invoice:read", "invoice:1", "acme") == "role.organization"
    assert town.reason("invoice:read", "invoice:2", "acme") == "organization.mismatch"
    assert town.reason("invoice:read", "invoice:3", "acme") == "organization.mismatch"
    assert town.reason("invoice:read", "invoice:1", "nowhere") == "organization.unknown"


async def test_a_closed_organization_allows_nothing(town: Town) -> None:
    await organizations.set_status(town.world, "acme", "disabled")
    await roles.assign(town.world, town.ann.subject, "owner")
    for object, organization in (("invoice:1", None), (None, "acme"), ("organization:acme", None)):
        assert town.reason("invoice:read", object, organization) == "organization.inactive"
    assert town.reason("invoice:read", "invoice:2") == "role.everywhere"
    await organizations.set_status(town.world, "acme", "active")
    assert town.reason("invoice:read", "invoice:1") == "role.everywhere"


async def test_groups_count_nested(town: Town) -> None:
    for id in ("staff", "heads"):
        await groups.create(town.world, id)
    await groups.add_member(town.world, "staff", "group:heads")
    await groups.add_member(town.world, "heads", town.ann.subject)
    await roles.assign(town.world, "group:staff#member", "owner", "organization:globex")
    decided = decide(town.world, town.who, "invoice:pay", "invoice:2")
    assert decided.reason == "role.organization"
    assert [step.text for step in decided.trace] == [
        "user ann, active", "role owner in globex (by group:staff) gives invoice:pay"
    ]  # fmt: skip
    await groups.remove_member(town.world, "staff", "group:heads")
    assert town.reason("invoice:pay", "invoice:2") == "role.missing"


async def test_relations_give_too(town: Town) -> None:
    await relations.write_model(town.world, MODEL)
    assert town.reason("invoice:read", "invoice:3") == "role.elsewhere"
    add = [Relation("invoice:3", "folder", "folder:f"), Relation("folder:f", "viewer", town.ann.subject)]
    await relations.write(town.world, add=add)
    decided = decide(town.world, town.who, "invoice:read", "invoice:3")
    assert decided.reason == "relation"
    assert [step.text for step in decided.trace] == [
        "user ann, active",
        "can_read of invoice:3 includes viewer",
        "folder:f is folder of invoice:3",
        "user ann is viewer of folder:f",
    ]
    await relations.write(town.world, add=[Relation("invoice:3", "banned", town.ann.subject)])
    assert town.reason("invoice:read", "invoice:3") == "role.elsewhere"
    assert town.reason("invoice:pay", "invoice:3") == "role.missing"


async def test_a_relation_does_not_leave_the_active_organization(town: Town) -> None:
    await relations.write_model(town.world, MODEL)
    await relations.write(town.world, add=[Relation("invoice:2", "viewer", town.ann.subject)])
    assert town.reason("invoice:read", "invoice:2") == "relation"
    decided = decide(town.world, replace(town.who, organization="acme"), "invoice:read", "invoice:2")
    assert decided.reason == "organization.other"


async def test_a_relation_is_of_the_permissions_own_type(town: Town) -> None:
    """`invoice:read` on a folder is not what the model calls `can_read` of folders."""
    text = MODEL.replace("type invoice", "type paper").replace(
        "    define viewer: [user, group#member]\n",
        "    define viewer: [user, group#member]\n    define can_read: viewer\n",
    )
    await relations.write_model(town.world, text)
    await relations.write(town.world, add=[Relation("folder:f", "viewer", town.ann.subject)])
    assert town.reason("invoice:pay", "folder:f") == "role.missing"
    assert town.reason("invoice:read", "folder:f") == "role.elsewhere"


async def test_whom_the_model_does_not_know_holds_no_relation(town: Town) -> None:
    await relations.write_model(town.world, MODEL)
    bot = await accounts.create_service_account(town.world, "bot")
    decided = decide(town.world, Principal(bot.subject, "api_key"), "invoice:read", "invoice:3")
    assert decided.reason == "relation.missing"


async def test_relations_missing_name_what_to_write(town: Town) -> None:
    await relations.write_model(town.world, MODEL)
    bob = await accounts.create_user(town.world, username="bob")
    decided = decide(town.world, Principal(bob.subject, "session"), "invoice:read", "invoice:3")
    assert isinstance(decided, Deny)
    assert decided.reason == "relation.missing"
    assert decided.fix == "doorward assign bob clerk --on invoice:3"  # below `but not` no single row is sure to do it
    plain = MODEL.replace("viewer but not banned", "viewer")
    await relations.write_model(town.world, plain)
    decided = decide(town.world, Principal(bob.subject, "session"), "invoice:read", "invoice:3")
    assert isinstance(decided, Deny)
    assert decided.fix == f"doorward relation add invoice:3 viewer {bob.subject}"


async def test_a_scope_bounds_and_never_grants(town: Town) -> None:
    assert town.reason("invoice:read", "invoice:1", scopes=frozenset({"invoice:read"})) == "role.organization"
    assert town.reason("invoice:read", "invoice:1", scopes=frozenset({"invoice:pay"})) == "scope.missing"
    assert town.reason("invoice:pay", "invoice:1", scopes=frozenset({"invoice:pay"})) == "role.missing"
    assert town.reason("invoice:read", "invoice:1", scopes=frozenset()) == "scope.missing"


async def test_the_owner_bounds_the_key_at_once(town: Town) -> None:
    key = replace(town.who, credential_kind="api_key", scopes=frozenset({"invoice:read", "invoice:pay"}))
    assert decide(town.world, key, "invoice:read", "invoice:1")
    assert not decide(town.world, key, "invoice:pay", "invoice:1")
    await roles.unassign(town.world, town.ann.subject, "clerk", "organization:acme")
    assert not decide(town.world, key, "invoice:read", "invoice:1")


async def test_who_is_disabled_or_gone_holds_nothing(town: Town) -> None:
    await roles.assign(town.world, town.ann.subject, "owner")
    disabled = swap(USERS, town.ann, status="disabled")
    await town.world.commit(keep(None, disabled))
    assert town.reason("invoice:read", "invoice:1") == "user.inactive"
    await town.world.commit(keep(None, swap(USERS, disabled.new, status="active")))
    assert town.reason("invoice:read", "invoice:1") == "role.everywhere"
    await town.world.commit(keep(None, Delete(USERS, (town.ann.id,))))
    assert town.reason("invoice:read", "invoice:1") == "user.inactive"
    for subject in ("user:nobody", "service_account:nobody", "group:staff#member", "user:*", "robot:1", "", "user"):
        decided = decide(town.world, replace(town.who, subject=subject), "invoice:read", "invoice:1")
        assert decided.reason == "user.inactive"


async def test_an_expired_credential_is_refused(town: Town, clock: FakeClock) -> None:
    who = replace(town.who, expires=after(clock.now(), Seconds(10)))
    assert decide(town.world, who, "invoice:read", "invoice:1")
    clock.advance(10)
    decided = decide(town.world, who, "invoice:read", "invoice:1")
    assert decided.reason == "token.expired"


@pytest.mark.parametrize(
    "permission", ["invoice:red", "invoice", "", "invoice:*", "*", "invoice:read ", "Invoice:read"]
)
async def test_what_nobody_declares_nobody_may(town: Town, permission: str) -> None:
    await roles.assign(town.world, town.ann.subject, "owner")
    assert town.reason(permission, "invoice:1") == "permission.unknown"


async def test_a_permission_no_longer_declared_is_no_longer_given(town: Town) -> None:
    await roles.declare(town.world, "urn:api", "api", ["invoice:pay"])
    assert town.reason("invoice:read", "invoice:1") == "permission.unknown"


@pytest.mark.parametrize(
    "object,organization",
    [("invoice", None), ("invoice:", None), (":1", None), ("invoice:1 ", None), ("invoice:1\n", None), ("", None),
     ("invoice:\x00", None), ("invoice:*", None), ("invoice:1#x", None), ("invoice:1", ""), (None, "a b"), (None, "")],
)  # fmt: skip
async def test_malformed_input_is_an_error_never_an_allow(
    town: Town, object: str | None, organization: str | None
) -> None:
    operator = Principal("", "operator")
    for who in (town.who, operator):
        with pytest.raises(Invalid) as caught:
            decide(town.world, who, "invoice:read", object, organization)
        assert caught.value.reason == "object.malformed"


async def test_the_operator_may(town: Town) -> None:
    decided = decide(town.world, Principal("", "operator"), "dw_user:create")
    assert isinstance(decided, Allow)
    assert decided.reason == "operator"
    assert allows(town.world, Principal("", "operator"), "dw_user:create")


async def test_doorwards_own_permissions_come_by_its_role(town: Town) -> None:
    with town.world.relations.still():
        own = sorted(town.world.catalogue.permissions_of(ADMIN_ROLE))[0]
    assert town.reason(own) == "role.missing"
    await roles.assign(town.world, town.ann.subject, ADMIN_ROLE)
    assert town.reason(own) == "role.everywhere"
    assert town.reason("invoice:pay", "invoice:1") == "role.missing"


async def test_too_long_a_way_is_a_refusal_with_its_reason(town: Town) -> None:
    text = "model\n  schema 1.1\ntype user\ntype invoice\n  relations\n    define next: [invoice]\n"
    await relations.write_model(town.world, text + "    define can_pay: [user] or can_pay from next\n")
    rows = [Relation(f"invoice:{n}", "next", f"invoice:{n + 1}") for n in range(100, 200)]
    await relations.write(town.world, add=rows)
    decided = decide(town.world, town.who, "invoice:pay", "invoice:100")
    assert decided.reason == "limit.exceeded"
    assert "too many steps" in render(decided)
    assert not allows(town.world, town.who, "invoice:pay", "invoice:100")


async def test_a_database_that_does_not_answer_is_an_error(town: Town) -> None:
    class Down:
        def __getattr__(self, name: str) -> Any:
            raise Unavailable

    down: Relations = Down()
    with pytest.raises(Unavailable):
        decide(replace(town.world, relations=down), town.who, "invoice:read", "invoice:1")


async def test_an_object_in_two_organizations_is_an_error(town: Town) -> None:
    """Storage refuses it; if it were there all the same, nobody gets in by either."""

    class Two:
        def __init__(self, relations: Relations) -> None:
            self._relations = relations

        def subjects(self, object: str, relation: str, store: str = "default") -> list[str]:
            return ["organization:acme", "organization:globex"]

        def __getattr__(self, name: str) -> Any:
            return getattr(self._relations, name)

    two: Relations = Two(town.world.relations)
    with pytest.raises(Exception, match="two organizations"):
        decide(replace(town.world, relations=two), town.who, "invoice:read", "invoice:1")


async def test_the_trace_reads_like_this(town: Town) -> None:
    decided = decide(town.world, town.who, "invoice:read", "invoice:2")
    assert render(decided).splitlines() == [
        f"DENY {decided.id}  role.elsewhere",
        "  ✓ user ann, active",
        "  ✓ role clerk in acme gives invoice:read",
        "  ✗ invoice:2 belongs to globex",
        "fix: doorward assign ann clerk --org globex",
    ]
    allowed = decide(town.world, town.who, "invoice:read", "invoice:1")
    assert render(allowed).splitlines() == [
        f"ALLOW {allowed.id}  role.organization",
        "  ✓ user ann, active",
        "  ✓ role clerk in acme gives invoice:read",
    ]


FIXES = [
    ({}, ("invoice:pay", "invoice:1", None), "doorward assign ann owner --org acme"),
    ({}, ("invoice:pay", "invoice:3", None), "doorward assign ann owner --on invoice:3"),
    ({}, ("invoice:pay", None, None), "doorward assign ann owner"),
    ({}, ("invoice:read", None, None), "doorward assign ann clerk"),
    ({}, ("invoice:read", None, "globex"), "doorward assign ann clerk --org globex"),
    ({}, ("invoice:read", "invoice:it's", None), "doorward assign ann clerk --on 'invoice:it'\"'\"'s'"),
    ({}, ("paper:read", None, None), "add paper:read to a role in access.toml"),
    ({}, ("invoice:red", None, None), "declare invoice:red under [permissions] in access.toml"),
    ({"scopes": frozenset()}, ("invoice:read", "invoice:1", None), "request the scope invoice:read"),
    ({"organization": "acme"}, ("invoice:read", "invoice:2", None), "switch to organization globex"),
    ({}, ("invoice:read", "invoice:2", "acme"), ""),
    ({}, ("invoice:read", None, "closed"), "doorward organization enable closed"),
    ({"subject": "user:nobody"}, ("invoice:read", None, None), ""),
]


@pytest.mark.parametrize("who,question,fix", FIXES)
async def test_the_fix_is_the_smallest_change(
    town: Town, who: dict[str, Any], question: tuple[str, str | None, str | None], fix: str
) -> None:
    await roles.declare(town.world, "urn:paper", "paper", ["paper:read"])
    await organizations.create(town.world, "closed")
    await organizations.set_status(town.world, "closed", "disabled")
    decided = decide(town.world, replace(town.who, **who), *question)
    assert isinstance(decided, Deny)
    assert decided.fix == fix
    assert not decided.trace[-1].holds


async def test_the_fix_of_a_disabled_user(town: Town) -> None:
    await town.world.commit(keep(None, swap(USERS, town.ann, status="disabled")))
    decided = decide(town.world, town.who, "invoice:read")
    assert isinstance(decided, Deny)
    assert decided.fix == "doorward user enable ann"


async def test_following_the_fix_allows(town: Town) -> None:
    """Each kind of advice, carried out, turns the refusal into an allow."""
    await roles.assign(town.world, town.ann.subject, "clerk", "organization:globex")
    assert town.reason("invoice:read", "invoice:2") == "role.organization"
    await roles.assign(town.world, town.ann.subject, "clerk", "invoice:3")
    assert town.reason("invoice:read", "invoice:3") == "role.object"


async def test_a_page_shows_what_is_allowed(town: Town) -> None:
    assert permissions_of(town.world, town.who, "invoice:1") == ["invoice:read"]
    assert permissions_of(town.world, town.who, "invoice:2") == []
    assert permissions_of(town.world, town.who, organization="acme") == ["invoice:read"]


async def test_a_role_edit_is_seen_at_once(town: Town) -> None:
    await roles.put_role(town.world, "clerk", ["invoice:pay"])
    assert town.reason("invoice:read", "invoice:1") == "role.missing"
    assert town.reason("invoice:pay", "invoice:1") == "role.organization"
    await roles.delete_role(town.world, "clerk")
    assert town.reason("invoice:pay", "invoice:1") == "role.missing"


async def test_another_process_sees_a_removal_at_its_next_decision(town: Town, tmp_path: Any, clock: FakeClock) -> None:
    other = await open_world(tmp_path / "doorward.db", clock=clock)
    assert decide(other, town.who, "invoice:read", "invoice:1")
    await roles.unassign(town.world, town.ann.subject, "clerk", "organization:acme")
    assert not decide(other, town.who, "invoice:read", "invoice:1")
    await other.storage.close()


async def test_threads_never_see_two_states_mixed(town: Town) -> None:
    """The invoice moves to globex and the role to acme's other side in one batch: no moment allows."""
    subject = town.ann.subject
    here = Relation("dw_role:clerk/organization:globex", "assignee", subject)
    in_acme, in_globex = (Relation("invoice:9", PLACE, f"organization:{id}") for id in ("acme", "globex"))
    acme = Relation("dw_role:clerk/organization:acme", "assignee", subject)
    await town.world.commit(keep(None, Unrelate(acme), Relate(here), Relate(in_acme)))
    allowed: list[object] = []
    stop = False

    def read() -> None:
        while not stop:
            if decide(town.world, town.who, "invoice:read", "invoice:9"):
                allowed.append(1)

    reader = asyncio.create_task(asyncio.to_thread(read))
    for _ in range(40):
        await town.world.commit(keep(None, Unrelate(in_acme), Relate(in_globex), Unrelate(here), Relate(acme)))
        await town.world.commit(keep(None, Unrelate(in_globex), Relate(in_acme), Unrelate(acme), Relate(here)))
    stop = True
    await reader
    assert not allowed
