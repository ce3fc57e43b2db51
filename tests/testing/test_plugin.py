"""The pytest plugin, in pytest runs of its own and by its parts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from doorward.core.errors import Misconfigured
from doorward.fastapi import Doorward
from doorward.guard.rules import Refused
from doorward.testing.doors import Doors
from doorward.testing.standing import find_door, standing
from tests.faces.invoices import Built, build

APP = """
from typing import Annotated
from fastapi import FastAPI
from doorward.fastapi import Doorward, Principal

door = Doorward("sqlite:///app.db", resource="https://api.example.com", access="access.toml")
app = FastAPI()

@app.get("/invoices/{invoice_id}")
def show(invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id", hide=True)]) -> int:
    return invoice_id
"""
ACCESS = '[permissions]\ninvoice = ["read", "pay"]\n[roles]\nclerk = ["invoice:read"]\nowner = ["invoice:*"]\n'
TEST = """
import pytest
from starlette.testclient import TestClient
from app import app

@pytest.fixture
def client():
    return TestClient(app)

def test_doors(doorward, client):
    doorward.assert_all_guarded(app)
    ann = doorward.user("ann", role="clerk", org="acme")
    doorward.place(("invoice", 7), org="globex")
    assert client.get("/invoices/7", auth=ann).status_code == 404
    doorward.assert_denied(ann, "invoice:read", ("invoice", 7), reason="role.elsewhere")

def test_fails(doorward):
    bob = doorward.user("bob", role="owner", on=("invoice", 7), org="acme")
    doorward.assert_denied(bob, "invoice:pay", ("invoice", 7))

@pytest.mark.anyio
async def test_async(doorward):
    assert doorward.user("ann").principal.user.startswith("usr_")
"""


def run(folder: Path, ini: str = "doorward = app:door") -> subprocess.CompletedProcess[str]:
    (folder / "app.py").write_text(APP)
    (folder / "access.toml").write_text(ACCESS)
    (folder / "test_app.py").write_text(TEST)
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}\nfilterwarnings = error\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DOORWARD_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def test_it_passes_and_fails_with_the_trace(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    assert "bob: invoice:pay invoice:7 should be denied, but is allowed for `role.object`" in done.stdout
    assert "✓" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("__")) == [
        "access.toml",
        "app.py",
        "pytest.ini",
        "test_app.py",
    ]


def test_without_the_ini_option_it_says_what_to_write(tmp_path: Path) -> None:
    done = run(tmp_path, "")
    assert "add `doorward = app:door`" in done.stdout


def test_loading_the_plugin_loads_nothing_else() -> None:
    program = (
        "import sys, doorward.testing.plugin\n"
        "heavy = {'doorward.core', 'doorward.adapters', 'fastapi', 'starlette', 'msgspec', 'cryptography', 'asyncio'}\n"
        "import pytest\n"
        "print(sorted(heavy & set(sys.modules) - {'asyncio'}))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("place", ["", "app", "app:", ":door", "tests.faces.invoices:RESOURCE"])
def test_a_door_that_is_none_fails_the_test(place: str, tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception):
        find_door(place, tmp_path)


def test_a_module_that_is_broken_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_app_of_this_test.py").write_text("import nothing_of_that_name\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        find_door("broken_app_of_this_test:door", tmp_path)


@pytest.fixture
def built(tmp_path: Path) -> Built:
    return build(tmp_path)


def test_assertions_tell_what_is_wrong(built: Built, tmp_path: Path) -> None:
    with standing(built.door, tmp_path / "standing") as doors:
        ann = doors.user("ann", role="clerk", org="acme")
        doors.place(("invoice", 7), org="acme")
        doors.assert_allowed(ann, "invoice:read", ("invoice", 7))
        with pytest.raises(AssertionError, match=r"should be allowed, but is denied for `role\.missing`"):
            doors.assert_allowed(ann, "invoice:pay", ("invoice", 7))
        with pytest.raises(AssertionError, match=r"for `role\.elsewhere`, but is for `role\.missing`"):
            doors.assert_denied(ann, "invoice:pay", ("invoice", 7), reason="role.elsewhere")
        with pytest.raises(AssertionError, match="fix: "):
            doors.assert_allowed(ann, "invoice:read", ("invoice", 8))
        doors.clock.advance(601)
        doors.assert_denied(ann, "invoice:read", ("invoice", 7), reason="token.expired")
        with pytest.raises(Refused):
            _ = ann.principal


def test_people_have_real_credentials(built: Built, tmp_path: Path) -> None:
    with standing(built.door, tmp_path / "standing") as doors, TestClient(built.app) as client:
        robot = doors.service_account("robot", role="clerk", org="acme")
        assert robot.subject.startswith("service_account:")
        assert client.get("/me", auth=robot).json() == robot.subject
        assert client.get("/me", headers=robot.headers).json() == robot.subject
        doors.assign(robot, "owner", org="globex")
        doors.assert_allowed(robot, "invoice:create", org="globex")
        doors.unassign(robot, "owner", org="globex")
        doors.assert_denied(robot, "invoice:create", org="globex")
        assert robot.secret not in repr(robot)
        again, narrow = doors.user("ann"), doors.user("ann", scope=["invoice:read"])
        assert again.subject == narrow.subject
        assert narrow.principal.scopes == {"invoice:read"}


def test_tests_do_not_see_each_other(built: Built, tmp_path: Path) -> None:
    def subjects(name: str) -> str:
        with standing(built.door, tmp_path / name) as doors:
            return doors.user("ann", role="clerk", org="acme").subject

    assert subjects("one") != subjects("two")
    assert not (tmp_path / "app.db").exists()


def test_a_token_needs_an_audience(tmp_path: Path) -> None:
    with standing(Doorward(f"sqlite:///{tmp_path / 'app.db'}"), tmp_path / "standing") as doors:
        assert doors.user("ann").secret.startswith("dw_")
        with pytest.raises(pytest.fail.Exception):
            doors.user("ann", via="token")
        with pytest.raises(Misconfigured):
            doors.place("nonsense", org="acme")


def test_what_is_lent_outlives_the_apps_lifespan(built: Built, tmp_path: Path) -> None:
    with standing(built.door, tmp_path / "standing") as doors:
        ann = doors.user("ann", role="owner")
        for _ in range(2):
            with TestClient(built.app) as client:
                assert client.get("/invoices", auth=ann).status_code == 200
        doors.assert_allowed(ann, "invoice:read")
    assert not (tmp_path / "app.db").exists()


def test_what_is_lent_is_given_back(built: Built, tmp_path: Path) -> None:
    with standing(built.door, tmp_path / "outer") as outer:
        ann = outer.user("ann", role="owner")
        with standing(built.door, tmp_path / "inner"):
            assert not built.door.check(ann.principal, "invoice:read")
        assert built.door.check(ann.principal, "invoice:read")


def test_fixture_type_is_public() -> None:
    assert Doors.__doc__
