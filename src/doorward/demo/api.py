"""An API of invoices in two organizations. Run it beside `doorward dev`: `uvicorn doorward.demo.api:app --port 8000`.

It needs no key of the server's: it reads the same database file, and hears of a revoked token or role at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, HTTPException

from doorward.fastapi import Doorward, Principal

door = Doorward(access=Path(__file__).with_name("access.toml"), explain=True)
app = FastAPI(title="Invoices", description="A demo of doorward.")
door.attach(app)


@dataclass
class Invoice:
    id: int
    org: str
    amount: int
    paid: bool = False


invoices = {
    1: Invoice(1, "acme", 1200),
    2: Invoice(2, "globex", 300),
    3: Invoice(3, "acme", 75),
}

Caller = Annotated[Principal, door.signed_in()]
Reader = Annotated[Principal, door.require("invoice:read", id="invoice_id", hide=True)]
Payer = Annotated[Principal, door.require("invoice:pay", id="invoice_id")]
Author = Annotated[Principal, door.require("invoice:create", org="org_id")]


@app.get("/healthz")
async def healthz() -> str:
    return "ok"


@app.get("/me")
async def me(who: Caller) -> dict[str, object]:
    return {"subject": who.subject, "name": who.name, "client": who.client, "scopes": sorted(who.scopes or ())}


@app.get("/invoices")
async def mine(who: Caller) -> list[dict[str, object]]:
    return [asdict(one) for one in invoices.values() if door.check(who, "invoice:read", ("invoice", one.id))]


@app.get("/invoices/{invoice_id}")
async def show(invoice_id: int, who: Reader) -> dict[str, object]:
    if invoice_id not in invoices:
        raise HTTPException(404)
    return asdict(invoices[invoice_id])


@app.post("/invoices/{invoice_id}/pay")
async def pay(invoice_id: int, who: Payer) -> dict[str, object]:
    if invoice_id not in invoices:
        raise HTTPException(404)
    invoices[invoice_id].paid = True
    return asdict(invoices[invoice_id])


@app.post("/orgs/{org_id}/invoices", status_code=201)
async def create(org_id: str, amount: int, who: Author) -> dict[str, object]:
    invoice = Invoice(max(invoices) + 1, org_id, amount)
    await door.assign(who, "owner", on=("invoice", invoice.id), org=org_id)
    invoices[invoice.id] = invoice
    return asdict(invoice)
