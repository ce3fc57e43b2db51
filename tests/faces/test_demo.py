"""The demo API does what its README says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from doorward.demo.api import app, door, invoices
from doorward.fastapi import Doorward
from doorward.testing.doors import Doors
from doorward.testing.guarded import assert_all_guarded
from doorward.testing.standing import standing


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    kept = dict(invoices)
    with standing(door, tmp_path / "standing") as doors:
        for invoice in invoices.values():
            doors.place(("invoice", invoice.id), org=invoice.org)
        yield doors
    invoices.clear()
    invoices.update(kept)


def test_every_door_of_the_demo_is_guarded() -> None:
    assert_all_guarded(app, public={"/healthz"})


def test_clerk_and_owner(doors: Doors) -> None:
    ann, bob = doors.user("ann", role="clerk", org="acme"), doors.user("bob", role="owner", org="globex")
    with TestClient(app) as client:
        assert client.get("/healthz").json() == "ok"
        assert client.get("/me", auth=ann).json()["subject"] == ann.subject
        assert [one["id"] for one in client.get("/invoices", auth=ann).json()] == [1, 3]
        assert [one["id"] for one in client.get("/invoices", auth=bob).json()] == [2]
        assert [client.get(f"/invoices/{number}", auth=ann).status_code for number in (1, 2, 4)] == [200, 404, 404]
        refused = client.post("/invoices/1/pay", auth=ann)
        assert (refused.status_code, refused.json()["hint"]) == (403, "doorward assign ann owner --org acme")
        assert client.post("/invoices/2/pay", auth=bob).json()["paid"] is True
        assert client.post("/orgs/globex/invoices?amount=5", auth=ann).status_code == 403
        made = client.post("/orgs/globex/invoices?amount=5", auth=bob)
        assert (made.status_code, made.json()["id"]) == (201, 4)
        assert client.get("/invoices/4", auth=bob).status_code == 200
        assert client.get("/invoices/4", auth=ann).status_code == 404
        everything = doors.user("root", role="owner")
        assert client.get("/invoices/77", auth=everything).status_code == 404
        assert client.post("/invoices/77/pay", auth=everything).status_code == 404


def test_beside_dev_its_url_is_the_issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOORWARD_PUBLIC_URL", raising=False)
    url = f"sqlite:///{tmp_path / 'doorward.db'}"
    assert Doorward(url).settings.public_url == ""
    (tmp_path / "dev").touch()
    for text in ("", "[]", "{}", "nonsense"):
        (tmp_path / "dev.json").write_text(text)
        assert Doorward(url).settings.public_url == ""
    (tmp_path / "dev.json").write_text(json.dumps({"url": "http://127.0.0.1:8080"}))
    settings = Doorward(url).settings
    assert (settings.public_url, settings.dev) == ("http://127.0.0.1:8080", True)
    assert Doorward(url, public_url="https://auth.example.com").settings.dev is False
