"""The app of these tests: invoices, guarded in every way there is: in routers and mounts, sync and async."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, WebSocket

from doorward.fastapi import Doorward, Principal
from doorward.testing.personas import Persona

ACCESS = """
[permissions]
invoice = ["read", "list", "create", "pay"]
report = ["read"]
[roles]
clerk = ["invoice:read", "invoice:list"]
owner = ["invoice:*", "report:*"]
"""
RESOURCE = "https://api.example.com"


@dataclass(frozen=True)
class Built:
    """An app and its door; `seen` is what its handlers were called with, `people` whom a test keeps."""

    app: FastAPI
    door: Doorward
    seen: list[object] = field(default_factory=list)
    people: list[Persona] = field(default_factory=list)


def build(folder: Path, *, attach: bool = True) -> Built:
    """A fresh app with a fresh door; access.toml is written into `folder`."""
    access = folder / "access.toml"
    access.write_text(ACCESS)
    door = Doorward(f"sqlite:///{folder / 'app.db'}", resource=RESOURCE, access=access)
    app = FastAPI()
    if attach:
        door.attach(app)
    built = Built(app, door)
    _plain(built)
    _included(built)
    _mounted(built)
    return built


def _plain(built: Built) -> None:
    app, door, seen = built.app, built.door, built.seen

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.get("/me")
    async def me(request: Request, who: Annotated[Principal, door.signed_in()]) -> str | None:
        assert door.principal(request) == who
        return who.subject

    @app.get("/invoices")
    def listed(who: Annotated[Principal, door.require("invoice:list")]) -> str:
        return who.subject

    @app.get("/invoices/{invoice_id}")
    async def show(
        invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id", hide=True)]
    ) -> int:
        seen.append(invoice_id)
        if invoice_id >= 100:
            raise HTTPException(404)
        return invoice_id

    @app.post("/invoices/{invoice_id}/pay")
    def pay(invoice_id: int, who: Annotated[Principal, door.require("invoice:pay", id="invoice_id")]) -> int:
        seen.append(invoice_id)
        assert bool(door.check(who, "invoice:read", ("invoice", invoice_id)))
        return invoice_id

    @app.get("/orgs/{org_id}/invoices/{invoice_id}")
    async def within(
        org_id: str,
        invoice_id: int,
        who: Annotated[Principal, door.require("invoice:read", id="invoice_id", org="org_id")],
    ) -> list[object]:
        return [org_id, invoice_id]

    @app.post("/orgs/{org_id}/invoices", status_code=201)
    async def create(
        org_id: str, number: int, who: Annotated[Principal, door.require("invoice:create", org="org_id")]
    ) -> int:
        await door.assign(who, "owner", on=("invoice", number), org=org_id)
        return number

    @app.get("/convertor/{invoice_id:int}")
    async def converted(
        invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id")]
    ) -> int:
        return invoice_id

    @app.get("/undeclared/{invoice_id}")
    async def undeclared(
        request: Request, who: Annotated[Principal, door.require("invoice:read", id="invoice_id")]
    ) -> str:
        return str(request.path_params["invoice_id"])

    @app.get("/query")
    async def query(invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id")]) -> int:
        return invoice_id

    @app.get("/reports/{report_id}")
    async def report(report_id: UUID, who: Annotated[Principal, door.require("report:read", id="report_id")]) -> UUID:
        return report_id

    @app.websocket("/live/{invoice_id}")
    async def live(
        socket: WebSocket,
        invoice_id: int,
        who: Annotated[Principal, door.require("invoice:read", id="invoice_id", hide=True)],
    ) -> None:
        await socket.accept()
        await socket.send_text(who.subject)
        await socket.close()


def _included(built: Built) -> None:
    """The guard at the router, the id in its prefix, taken by a dependency."""
    door = built.door
    router = APIRouter(dependencies=[door.require("invoice:read", id="invoice_id")])

    def number(invoice_id: int) -> int:
        return invoice_id

    @router.get("/lines")
    def lines(invoice: Annotated[int, Depends(number)]) -> int:
        return invoice

    @router.websocket("/follow")
    async def follow(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    outer = APIRouter(prefix="/deep")
    outer.include_router(router, prefix="/invoices/{invoice_id}")
    built.app.include_router(outer)
    built.app.include_router(router, prefix="/again/{invoice_id:int}")


def _mounted(built: Built) -> None:
    door = built.door
    sub = FastAPI()

    @sub.get("/invoices/{invoice_id}")
    async def show(invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id")]) -> int:
        return invoice_id

    @sub.get("/about")
    async def about(request: Request, who: Annotated[Principal, door.require("invoice:list", org="org_id")]) -> str:
        return str(request.path_params["org_id"])

    built.app.mount("/sub/{org_id}", sub)
