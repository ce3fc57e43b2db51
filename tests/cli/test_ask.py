"""`doorward check`: the answer in words and as an exit status, for a session, a scope, a token and a key."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from doorward.app import close, open_world, prepare
from doorward.app import house as joined
from doorward.core.settings import Settings
from doorward.domain.accounts.reads import user
from doorward.domain.clients.flow import register
from doorward.domain.tokens.flow import access_token
from tests.cli.conftest import Doorward

RESOURCE = "https://invoices.example.com"
ACCESS = f"""
resource = "{RESOURCE}"
[permissions]
invoice = ["read", "pay"]
[roles]
clerk = ["invoice:read"]
"""


@pytest.fixture
def demo(doorward: Doorward, tmp_path: Path) -> Doorward:
    """Ann is clerk in acme; invoice 1 is acme's, invoice 2 globex's."""
    (tmp_path / "access.toml").write_text(ACCESS)
    for line in (
        "apply",
        "organization create acme",
        "organization create globex",
        "relation place invoice:1 --org acme",
        "relation place invoice:2 --org globex",
        "user create --username ann",
        "assign ann clerk --org acme",
    ):
        assert doorward(*line.split()).status == 0, line
    return doorward


def test_yes_is_exit_status_0(demo: Doorward) -> None:
    done = demo("check", "ann", "invoice:read", "invoice:1")
    assert done.status == 0
    assert re.fullmatch(
        r"ALLOW dec_\w{26}  role\.organization\n  ✓ user ann, active\n  ✓ role clerk in acme gives invoice:read\n",
        done.out,
    )


def test_no_is_exit_status_1_with_reason_trace_and_remedy(demo: Doorward) -> None:
    done = demo("check", "ann", "invoice:read", "invoice:2")
    assert done.status == 1
    assert re.fullmatch(
        r"DENY dec_\w{26}  role\.elsewhere\n"
        r"  ✓ user ann, active\n"
        r"  ✓ role clerk in acme gives invoice:read\n"
        r"  ✗ invoice:2 belongs to globex\n"
        r"fix: doorward assign ann clerk --org globex\n",
        done.out,
    )


def test_the_remedy_is_a_command_that_remedies(demo: Doorward) -> None:
    fix = json.loads(demo("check", "ann", "invoice:read", "invoice:2", "--json").out)["fix"]
    assert demo(*fix.split()[1:]).status == 0
    assert demo("check", "ann", "invoice:read", "invoice:2").status == 0


@pytest.mark.parametrize(
    "line", ["check nobody invoice:read", "check ann invoice:read badobject", "check ann invoice:read invoice:1 more"]
)
def test_an_error_is_exit_status_2(demo: Doorward, line: str) -> None:
    done = demo(*line.split())
    assert done.status == 2
    assert done.err.startswith("error: ")


def test_json_has_the_same(demo: Doorward) -> None:
    done = demo("check", "ann", "invoice:pay", "--org", "acme", "--json")
    assert done.status == 1
    said = json.loads(done.out)
    assert (said["allowed"], said["reason"]) == (False, "role.missing")


def test_a_scope_narrows(demo: Doorward) -> None:
    assert demo("check", "ann", "invoice:read", "invoice:1", "--scope", "invoice:read").status == 0
    done = demo("check", "ann", "invoice:read", "invoice:1", "--scope", "invoice:pay")
    assert done.status == 1
    assert "scope.missing" in done.out


def test_a_key_says_who_asks_and_what_it_carries(demo: Doorward, tmp_path: Path) -> None:
    made = json.loads(demo("api-key", "create", "ann", "--name", "x", "--scope", "invoice:read", "--json").out)
    (tmp_path / "key").write_text(made["key"] + "\n")
    assert demo("check", "invoice:read", "invoice:1", "--api-key-file", "key").status == 0
    assert demo("check", "invoice:read", "invoice:1", "--api-key-stdin", stdin=made["key"]).status == 0
    denied = demo("check", "invoice:pay", "invoice:1", "--api-key-file", "key")
    assert (denied.status, "scope.missing" in denied.out) == (1, True)
    demo("api-key", "revoke", made["id"])
    gone = demo("check", "invoice:read", "invoice:1", "--api-key-file", "key")
    assert (gone.status, "credential.invalid" in gone.out) == (1, True)
    assert made["key"] not in gone.out + gone.err


def test_a_token_says_who_asks_and_what_it_carries(
    demo: Doorward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = urlsafe_b64encode(bytes(range(32))).decode()
    settings = Settings(public_url="https://auth.example.com", secret_key=key)

    async def make() -> str:
        world = await open_world(settings)
        await prepare(world, joined())
        await register(world, client_id="app", client_name="App", redirect_uris=["https://app.example.com/cb"])
        ann = await user(world, "ann")
        token, _ = await access_token(world, subject=ann.id, client_id="app", scope=["invoice:read"], audience=RESOURCE)
        await close(world)
        return token

    token = asyncio.run(make())
    monkeypatch.setenv("DOORWARD_PUBLIC_URL", settings.public_url)
    assert demo("check", "invoice:read", "invoice:1", "--token-stdin", stdin=token).status == 0
    assert "scope.missing" in demo("check", "invoice:pay", "invoice:1", "--token-stdin", stdin=token).out
    broken = demo("check", "invoice:read", "invoice:1", "--token-stdin", stdin=token[:-4] + "AAAA")
    assert (broken.status, "credential.invalid" in broken.out) == (1, True)


def test_credentials_are_not_mixed_up(demo: Doorward) -> None:
    assert demo("check", "invoice:read", "--token-stdin", "--scope", "x", stdin="x").status == 2
    wrong = demo("check", "invoice:read", "--token-stdin", stdin="dw_x")
    assert "--api-key-stdin" in wrong.err
    assert demo("check", "--token-stdin", stdin="x").status == 2


def test_what_check_answers_is_not_recorded(demo: Doorward) -> None:
    decision = json.loads(demo("check", "ann", "invoice:pay", "--json").out)["decision"]
    done = demo("why", decision)
    assert done.status == 2
    assert "hint: " in done.err


def test_the_pipeline_is_printed(doorward: Doorward) -> None:
    done = doorward("pipeline")
    assert done.status == 0
    assert "redirect_uri" in done.out
