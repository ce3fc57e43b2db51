"""What is wrong with a guard is said when the app starts, and at its first request where nothing starts it."""

import asyncio
import gc
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi import Path as PathParam
from pydantic import AliasChoices
from starlette.testclient import TestClient

from doorward.core.errors import Misconfigured
from doorward.fastapi import Doorward, ForgottenAwait, Principal
from doorward.testing.doors import Doors
from doorward.testing.standing import standing
from tests.faces.invoices import ACCESS, Built


def door_at(folder: Path) -> Doorward:
    return Doorward(f"sqlite:///{folder / 'app.db'}")


def plain(app: FastAPI, door: Doorward) -> None:
    @app.get("/invoices/{invoice_id}")
    def show(invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoce_id")]) -> None: ...


def included(app: FastAPI, door: Doorward) -> None:
    router = APIRouter(dependencies=[door.require("invoice:read", org="org")])

    @router.get("/{org_id}")
    def show(org_id: int) -> None: ...

    app.include_router(router, prefix="/deep")


def nested(app: FastAPI, door: Doorward) -> None:
    def current(who: Annotated[Principal, door.require("invoice:read", id="id")]) -> None: ...

    @app.get("/invoices/{invoice_id}", dependencies=[Depends(current)])
    def show(invoice_id: int) -> None: ...


def body(app: FastAPI, door: Doorward) -> None:
    @app.post("/invoices")
    def show(
        invoice: dict[str, int], who: Annotated[Principal, door.require("invoice:read", id="invoice")]
    ) -> None: ...


def websocket(app: FastAPI, door: Doorward) -> None:
    @app.websocket("/live/{invoice_id}")
    async def live(who: Annotated[Principal, door.require("invoice:read", id="other")]) -> None: ...


def mounted(app: FastAPI, door: Doorward) -> None:
    sub = FastAPI()
    plain(sub, door)
    app.mount("/sub", sub)


@pytest.mark.parametrize("wrong", [plain, included, nested, body, websocket, mounted])
def test_an_unknown_parameter_stops_the_start(tmp_path: Path, wrong: Callable[[FastAPI, Doorward], None]) -> None:
    app, door = FastAPI(), door_at(tmp_path)
    door.attach(app)
    wrong(app, door)
    with pytest.raises(Misconfigured) as error, TestClient(app):
        pass
    assert error.value.reason == "parameter.unknown"
    assert error.value.hint


def test_a_near_name_is_suggested(tmp_path: Path) -> None:
    app, door = FastAPI(), door_at(tmp_path)
    door.attach(app)
    plain(app, door)
    with pytest.raises(Misconfigured) as error, TestClient(app):
        pass
    assert error.value.hint == "did you mean `invoice_id`?"


def test_without_a_lifespan_the_first_request_says_it(tmp_path: Path) -> None:
    app, door = FastAPI(), door_at(tmp_path)
    plain(app, door)

    @app.get("/me")
    def me(who: Annotated[Principal, door.signed_in()]) -> None: ...

    for path in ("/me", "/invoices/7"):
        with pytest.raises(Misconfigured):
            TestClient(app).get(path)
    asyncio.run(door.close())


def decimal(app: FastAPI, door: Doorward) -> None:
    @app.get("/invoices/{invoice_id}")
    def show(
        invoice_id: Annotated[Decimal, PathParam()],
        who: Annotated[Principal, door.require("invoice:read", id="invoice_id")],
    ) -> None: ...


def two_names(app: FastAPI, door: Doorward) -> None:
    @app.get("/invoices")
    def show(
        invoice_id: Annotated[int, Query(validation_alias=AliasChoices("invoice", "number"))],
        who: Annotated[Principal, door.require("invoice:read", id="invoice_id")],
    ) -> None: ...


@pytest.mark.parametrize("wrong", [decimal, two_names])
def test_what_could_be_read_in_two_ways_is_no_id(tmp_path: Path, wrong: Callable[[FastAPI, Doorward], None]) -> None:
    app, door = FastAPI(), door_at(tmp_path)
    door.attach(app)
    wrong(app, door)
    with pytest.raises(Misconfigured) as error, TestClient(app):
        pass
    assert error.value.reason == "parameter.ambiguous"


def test_a_parameter_by_another_name_is_the_same_parameter(tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_text(ACCESS)
    app, door = FastAPI(), Doorward(f"sqlite:///{tmp_path / 'app.db'}", access=tmp_path / "access.toml")
    door.attach(app)

    def as_text(invoice_id: str) -> str:
        return invoice_id

    @app.get("/query")
    def query(
        number: Annotated[int, Query(alias="invoice")],
        who: Annotated[Principal, door.require("invoice:read", id="number")],
    ) -> int:
        return number

    @app.get("/path/{invoice_id}", dependencies=[Depends(as_text)])
    def path(
        number: Annotated[int, PathParam(alias="invoice_id")],
        who: Annotated[Principal, door.require("invoice:read", id="number")],
    ) -> int:
        return number

    with standing(door, tmp_path / "standing") as doors, TestClient(app) as client:
        ann = doors.user("ann", role="owner", on=("invoice", 7))
        assert client.get("/query?invoice=7", auth=ann).json() == 7
        assert client.get("/path/7", auth=ann).json() == 7
        assert client.get("/query?invoice=8&number=7", auth=ann).status_code == 403
        assert client.get("/query?number=7", auth=ann).status_code == 404
        assert client.get("/path/007", auth=ann).status_code == 404


def test_an_annotation_that_is_not_read_is_no_guard(tmp_path: Path) -> None:
    app, door = FastAPI(), door_at(tmp_path)
    door.attach(app)

    def show(who: "Annotated[Principal, door.signed_in()]") -> None: ...

    app.get("/invoices")(show)  # `door` is local here, so FastAPI cannot resolve the annotation
    with pytest.raises(Misconfigured) as error, TestClient(app):
        pass
    assert error.value.reason == "annotation.unreadable"


@pytest.mark.parametrize("permission", ["invoice", "invoice:", "INVOICE:READ", "invoice:*"])
def test_a_malformed_permission_is_said_at_once(permission: str) -> None:
    with pytest.raises(Misconfigured):
        Doorward("sqlite:///app.db").require(permission)


def test_the_constructor_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    door = Doorward("sqlite:///app.db", access="missing.toml", secret_key="nonsense", public_url="nonsense")
    door.require("invoice:read")
    assert list(tmp_path.iterdir()) == []


def test_a_remote_server_is_not_promised() -> None:
    with pytest.raises(Misconfigured):
        Doorward("https://auth.example.com")


def test_two_names_for_one_api_are_refused(tmp_path: Path) -> None:
    access = tmp_path / "access.toml"
    access.write_text('resource = "https://one.example"\n[permissions]\ninvoice = ["read"]\n')
    door = Doorward(f"sqlite:///{tmp_path / 'app.db'}", resource="https://two.example", access=access)
    with pytest.raises(Misconfigured) as error:
        asyncio.run(door.open())  # type: ignore[arg-type]  # a coroutine, as every async def's call
    assert error.value.reason == "resource.mismatch"


def test_check_and_acheck_agree(built: Built, doors: Doors, client: TestClient) -> None:
    owner = doors.user("owner", role="owner", org="acme").principal
    door = built.door
    assert door.check(owner, "invoice:pay", ("invoice", 7))
    assert not door.check(owner, "invoice:pay", "invoice:8")
    assert door.check(owner, "invoice:create", org="acme")

    async def ask() -> bool:
        return bool(await door.acheck(owner, "invoice:pay", ("invoice", 7)))

    assert asyncio.run(ask())
    with pytest.raises(Misconfigured):
        door.check(owner, "invoice:pay", "7")


def test_a_forgotten_await_is_never_an_allow(built: Built, doors: Doors) -> None:
    stranger = doors.user("stranger").principal
    app, door = FastAPI(), built.door

    @app.get("/careless")
    async def careless() -> str:
        if door.acheck(stranger, "invoice:pay", ("invoice", 7)):
            return "paid"
        return "refused"

    with pytest.raises(ForgottenAwait):
        TestClient(app).get("/careless")
    gc.collect()


def test_a_check_opens_the_door_even_within_a_running_loop(tmp_path: Path) -> None:
    door = door_at(tmp_path)
    nobody = Principal("user:none", "session")

    async def ask() -> Any:
        return door.check(nobody, "invoice:read").reason

    assert asyncio.run(ask()) == "user.inactive"
    asyncio.run(door.close())
