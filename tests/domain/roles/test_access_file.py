"""access.toml: read with errors that name the place, planned, and applied by two at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from doorward.core.access.model import ModelError
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Conflict, DoorwardError, Invalid
from doorward.core.outcome import Relate, keep
from doorward.core.settings import Settings
from doorward.domain.accounts import flow as accounts
from doorward.domain.relations import flow as relations
from doorward.domain.relations import reads as relation_reads
from doorward.domain.roles import flow, reads
from doorward.domain.roles.access_file import parse_access, read_access_file
from doorward.domain.roles.planning import DEFAULT_RESOURCE
from doorward.domain.roles.records import RESOURCE_SERVERS
from doorward.domain.roles.rules import assignment
from doorward.ports import World
from doorward.testing import FakeClock, open_world

pytestmark = pytest.mark.anyio

FILE = """# who may do what
[permissions]
invoice = ["read", "list", "pay"]

[roles]
clerk = ["invoice:read", "invoice:list"]
owner = { permissions = ["invoice:*"], description = "everything" }
"""
MODEL = "model\n  schema 1.1\ntype user\ntype invoice\n  relations\n    define viewer: [user]\n"


def test_what_a_file_says() -> None:
    file = parse_access(FILE)
    assert file.permissions == ("invoice:read", "invoice:list", "invoice:pay")
    assert [(role.name, role.permissions, role.description) for role in file.roles] == [
        ("clerk", ("invoice:read", "invoice:list"), ""),
        ("owner", ("invoice:*",), "everything"),
    ]
    assert (file.model, file.resource, file.name) == (None, "", "")
    assert parse_access("") == parse_access("# nothing")


@pytest.mark.parametrize(
    "text,problem,hint",
    [
        ("permissions", "access.toml: Expected", ""),
        ("[permisions]\n", "line 1: permisions: is not known here", "`permissions`"),
        ("zzz = 1\n", "line 1: zzz: is not known here", "permissions, roles"),
        ("permissions = 1\n", "line 1: permissions: must be a table", "[permissions]"),
        ("[permissions]\n\ninvoice = 'read'\n", "line 3: permissions.invoice: must be a list", "invoice ="),
        ("[permissions]\ninvoice = [1]\n", "line 2: permissions.invoice: must be a list", ""),
        ("[permissions]\ninvoice = ['read', 'read']\n", "line 2: permissions.invoice: `read` is there twice", ""),
        ("[permissions]\ninvoice = ['Read']\n", "line 2: permissions.invoice: `invoice:Read` is not", "lower-case"),
        ("[permissions]\ndw_user = ['read']\n", "line 2: permissions.dw_user: `dw_user:read` can't be", "dw_"),
        ("[roles]\n'a b' = []\n", "line 2: roles.a b: `a b` can't be", "letters"),
        ("[roles]\ndw_admin = []\n", "line 2: roles.dw_admin: role `dw_admin` can't be changed", "dw_"),
        ("[roles]\na = 1\n", "line 2: roles.a: must be a list", ""),
        ("[roles.a]\npermision = []\n", "line 2: roles.a.permision: is not known", "`permissions`"),
        ("[roles.a]\ndescription = 1\n", "line 2: roles.a.description: must be a text", ""),
        ("model = 1\n", "line 1: model: must be a text", ""),
        ("model = 'x'\n", "line 1: model: a model can only be named in a file", ""),
        ("resource = []\n", "line 1: resource: must be a text", ""),
        ("roles.a.x = 1\n", "access.toml, line 1: roles.a.x: is not known", ""),
    ],
)
def test_an_error_names_line_table_and_key(text: str, problem: str, hint: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_access(text)
    assert problem in caught.value.description
    assert hint in caught.value.hint
    assert caught.value.reason == "access.malformed"


def test_a_file_and_its_model_are_read(tmp_path: Path) -> None:
    path = tmp_path / "access.toml"
    with pytest.raises(Invalid) as caught:
        read_access_file(path)
    assert (caught.value.reason, caught.value.hint) == ("access.unreadable", "no such file or directory")
    path.write_text("model = 'model.fga'\n" + FILE, encoding="utf-8")
    with pytest.raises(Invalid, match=r"line 1: model: `model\.fga` can't be read"):
        read_access_file(path)
    (tmp_path / "model.fga").write_text(MODEL, encoding="utf-8")
    assert read_access_file(path).model == MODEL
    (tmp_path / "model.fga").write_text(MODEL + "    defne x: y\n", encoding="utf-8")
    with pytest.raises(ModelError) as broken:
        read_access_file(path)
    assert broken.value.problems[0].place.line == 6
    (tmp_path / "model.fga").write_bytes(b"\xff")
    with pytest.raises(Invalid) as caught:
        read_access_file(path)
    assert caught.value.hint == "it is not UTF-8"


async def test_a_plan_says_what_an_apply_does(world: World) -> None:
    file = parse_access(FILE)
    plan = await flow.plan(world, file)
    assert plan.text().splitlines() == [
        "+ permission invoice:list",
        "+ permission invoice:pay",
        "+ permission invoice:read",
        f"+ resource server {DEFAULT_RESOURCE}",
        "+ role clerk  invoice:list, invoice:read",
        "+ role owner  invoice:list, invoice:pay, invoice:read",
    ]
    assert await reads.roles(world) == []
    assert await flow.apply(world, file) == plan
    assert not await flow.plan(world, file)
    nothing = await flow.apply(world, file)
    assert (bool(nothing), nothing.text()) == (False, "nothing to change")
    events = [event for event in await world.storage.page(AUDIT_EVENTS) if event.action == "access.apply"]
    assert len(events) == 1


async def test_only_managed_rows_are_changed_and_removed(world: World) -> None:
    await flow.apply(world, parse_access(FILE))
    await flow.declare(world, "urn:other", "other", ["paper:read"])
    await flow.put_role(world, "manual", ["paper:read", "invoice:read"])
    ann = await accounts.create_user(world, username="ann")
    for role in ("clerk", "owner", "manual"):
        await flow.assign(world, ann.subject, role)
    file = parse_access('[permissions]\ninvoice = ["read"]\n[roles]\nowner = ["invoice:*", "paper:read"]\n')
    plan = await flow.apply(world, file)
    assert plan.text().splitlines() == [
        "- permission invoice:list",
        "- permission invoice:pay",
        "~ role owner  +paper:read, -invoice:list, -invoice:pay",
        "- role clerk  held by 1",
    ]
    assert [role.name for role in await reads.roles(world)] == ["manual", "owner"]
    assert sorted(one.role for one in await reads.assignments(world, subject=ann.subject)) == ["manual", "owner"]
    assert (await reads.role(world, "manual")).permissions == ("invoice:read", "paper:read")


async def test_the_api_may_be_named_and_renamed(world: World) -> None:
    await flow.apply(world, parse_access('resource = "urn:one"\n' + FILE))
    plan = await flow.apply(world, parse_access('resource = "urn:one"\nname = "One"\n' + FILE))
    assert plan.text() == "~ resource server urn:one  is called One"
    plan = await flow.apply(world, parse_access('resource = "urn:two"\n' + FILE))
    assert plan.text().splitlines() == ["- resource server urn:one", "+ resource server urn:two"]
    assert [server.identifier for server in await reads.resource_servers(world)] == ["urn:two"]


async def test_the_setting_names_the_api(tmp_path: Path, clock: FakeClock) -> None:
    settings = Settings(public_url="https://auth.example.com", resource="https://api.example.com")
    world = await open_world(tmp_path / "doorward.db", clock=clock, settings=settings)
    await flow.apply(world, parse_access(FILE))
    assert [server.identifier for server in await reads.resource_servers(world)] == ["https://api.example.com"]
    await world.storage.close()


@pytest.mark.parametrize(
    "text,reason,problem",
    [
        ('resource = "urn:other"\n', "resource.unmanaged", "line 1: resource: "),
        ('resource = "no uri"\n', "resource.malformed", "line 1: resource: "),
        ("[permissions]\npaper = ['write']\n", "type.taken", "line 2: permissions.paper: "),
        ("[roles]\nx = ['invoice:read']\n", "permission.unknown", "line 2: roles.x: no API declares `invoice:read`"),
        ("[roles]\nmanual = []\n", "role.unmanaged", "line 2: roles.manual: "),
    ],
)
async def test_what_collides_with_run_time_is_refused(world: World, text: str, reason: str, problem: str) -> None:
    await flow.declare(world, "urn:other", "other", ["paper:read"])
    await flow.put_role(world, "manual", ["paper:read"])
    with pytest.raises(DoorwardError) as caught:
        await flow.apply(world, parse_access(text))
    assert caught.value.reason == reason
    assert problem in caught.value.description
    assert len(await reads.resource_servers(world)) == 1


def _with_model(tmp_path: Path, model: str) -> Path:
    (tmp_path / "model.fga").write_text(model, encoding="utf-8")
    path = tmp_path / "access.toml"
    path.write_text('model = "model.fga"\n' + FILE, encoding="utf-8")
    return path


async def test_the_model_comes_with_the_file_and_is_let_go_with_it(
    world: World, clock: FakeClock, tmp_path: Path
) -> None:
    plan = await flow.apply(world, read_access_file(_with_model(tmp_path, MODEL)))
    assert "+ model mod_" in plan.text()
    clock.advance(1)
    assert not await flow.plan(world, read_access_file(_with_model(tmp_path, MODEL)))
    plan = await flow.apply(world, read_access_file(_with_model(tmp_path, MODEL + "type paper\n")))
    assert plan.text().startswith("~ model mod_")
    clock.advance(1)
    plan = await flow.apply(world, parse_access(FILE))
    assert "no longer managed" in plan.text()
    assert len(await relation_reads.models(world)) == 3
    clock.advance(1)
    await relations.write_model(world, MODEL)
    with pytest.raises(Conflict) as caught:
        await flow.apply(world, read_access_file(_with_model(tmp_path, MODEL)))
    assert caught.value.reason == "model.unmanaged"
    assert not await flow.plan(world, parse_access(FILE))


async def test_two_who_apply_at_once_end_with_one_of_the_files(world: World) -> None:
    await flow.apply(world, parse_access(FILE))
    files = [
        parse_access(f'[permissions]\ninvoice = ["read", "p{n}"]\n[roles]\nr{n} = ["invoice:p{n}"]\n') for n in range(4)
    ]
    done = await asyncio.gather(*(flow.apply(world, file) for file in files), return_exceptions=True)
    assert any(not isinstance(result, BaseException) for result in done)
    assert all(isinstance(result, Conflict) or not isinstance(result, BaseException) for result in done)
    server = await world.storage.get(RESOURCE_SERVERS, DEFAULT_RESOURCE)
    assert server is not None
    roles = await reads.roles(world)
    ends = [((f"invoice:p{n}", "invoice:read"), [f"r{n}"]) for n in range(4)]
    assert (server.permissions, [role.name for role in roles]) in ends


async def test_the_first_two_who_apply_at_once(world: World) -> None:
    done = await asyncio.gather(*(flow.apply(world, parse_access(FILE)) for _ in range(3)), return_exceptions=True)
    assert not [result for result in done if isinstance(result, BaseException)]
    assert len(await reads.roles(world)) == 2


async def test_a_role_that_begins_is_held_by_nobody(world: World) -> None:
    await flow.declare(world, "urn:x", "x", ["paper:read"])
    await flow.put_role(world, "clerk", ["paper:read"])
    ann = await accounts.create_user(world, username="ann")
    await flow.assign(world, ann.subject, "clerk")
    row = (await reads.assignments(world, role="clerk"))[0]
    await flow.delete_role(world, "clerk")
    await world.commit(keep(None, Relate(assignment(row.role, row.place, row.subject))))
    await flow.apply(world, parse_access(FILE))
    assert await reads.assignments(world, role="clerk") == []
