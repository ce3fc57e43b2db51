"""The whole server inside an app."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from doorward.core.errors import Misconfigured
from doorward.fastapi import Doorward, Principal
from doorward.testing.standing import standing
from tests.faces.invoices import ACCESS

URL = "http://localhost:8000/auth"


def mounted(folder: Path, public_url: str | None = URL, key: bool = True) -> tuple[FastAPI, Doorward, list[str]]:
    access = folder / "access.toml"
    access.write_text(ACCESS)
    door = Doorward(
        f"sqlite:///{folder / 'app.db'}",
        resource="https://api.example.com",
        access=access,
        public_url=public_url,
        secret_key=secrets.token_urlsafe(32) if key else None,
    )
    log: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        log.append("up" if door.check(Principal("user:nobody", "session"), "invoice:read").reason else "")
        yield {"greeting": "hello"}
        log.append("down")

    app = FastAPI(lifespan=lifespan)
    door.mount(app, "/auth")

    @app.get("/me")
    async def me(who: Annotated[Principal, door.signed_in()]) -> str:
        return who.subject

    return app, door, log


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUBLIC_URL", "SECRET_KEY", "SECRET_KEY_FILE", "DATA", "DATABASE_URL"):
        monkeypatch.delenv(f"DOORWARD_{name}", raising=False)


def test_it_serves_pages_protocol_and_what_stands_at_the_root(tmp_path: Path) -> None:
    app, _, log = mounted(tmp_path)
    with TestClient(app, base_url="http://localhost:8000", follow_redirects=False) as client:
        assert client.app_state == {"greeting": "hello"}
        page = client.get("/auth/login")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        for place in (
            "/auth/.well-known/openid-configuration",
            "/.well-known/openid-configuration/auth",
            "/.well-known/oauth-authorization-server/auth",
        ):
            found = client.get(place)
            assert (place, found.status_code, found.json()["issuer"]) == (place, 200, URL)
            keys = client.get(found.json()["jwks_uri"])
            assert len(keys.json()["keys"]) >= 2
        assert client.get("/me").status_code == 401
        assert client.get("/nothing").json() == {"detail": "Not Found"}
    assert log == ["up", "down"]


@pytest.mark.parametrize(
    ("public_url", "key", "reason"),
    [
        (None, True, "misconfigured"),
        (URL, False, "misconfigured"),
        ("http://localhost:8000", True, "mount.elsewhere"),
        ("http://localhost:8000/auth/deeper", True, "mount.elsewhere"),
    ],
)
def test_without_a_url_and_a_key_it_does_not_start(
    tmp_path: Path, public_url: str | None, key: bool, reason: str
) -> None:
    app, _, log = mounted(tmp_path, public_url, key)
    with pytest.raises(Misconfigured) as error, TestClient(app):
        pass
    assert error.value.reason == reason
    assert error.value.hint
    assert log == []
    assert not (tmp_path / "app.db").exists()


@pytest.mark.parametrize("path", ["auth", "/auth/", "/", ""])
def test_a_path_to_mount_at(path: str) -> None:
    with pytest.raises(Misconfigured):
        Doorward("sqlite:///app.db").mount(FastAPI(), path)


def test_an_app_with_tables_of_its_own_shares_its_file(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("CREATE TABLE invoices (id INTEGER PRIMARY KEY)")
    connection.close()
    app, _, _ = mounted(tmp_path)
    with TestClient(app, base_url="http://localhost:8000") as client:
        assert client.get("/me").status_code == 401


def test_a_session_made_by_the_mounted_server_is_known_to_the_app(tmp_path: Path) -> None:
    app, door, _ = mounted(tmp_path)
    with standing(door, tmp_path / "standing") as doors, TestClient(app, base_url="http://localhost:8000") as client:
        ann = doors.user("ann", via="session")
        assert client.get("/me", auth=ann).json() == ann.subject
        assert client.get("/auth/account", auth=ann).status_code in (200, 303)
        doors.disable(ann)
        assert client.get("/me", auth=ann).status_code == 401


def test_a_door_is_mounted_once_and_attached_once(tmp_path: Path) -> None:
    app, door, log = mounted(tmp_path)
    door.attach(app)
    with pytest.raises(Misconfigured):
        door.mount(app, "/other")
    with TestClient(app, base_url="http://localhost:8000") as client:
        assert client.get("/me").status_code == 401
    assert log == ["up", "down"]


def test_it_opens_again_after_it_was_closed(tmp_path: Path) -> None:
    app, door, _ = mounted(tmp_path)
    for _round in range(2):
        with TestClient(app, base_url="http://localhost:8000") as client:
            assert client.get("/me").status_code == 401
    assert TestClient(app, base_url="http://localhost:8000").get("/me").status_code == 401
    asyncio.run(door.close())
