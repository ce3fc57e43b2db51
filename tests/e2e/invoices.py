"""The API of the walks: two invoices in two organizations, guarded by doorward from a process of its own."""

import os
from typing import Annotated

from fastapi import FastAPI

from doorward.fastapi import Doorward, Principal

door = Doorward(f"sqlite:///{os.environ['DOORWARD_DATA']}/doorward.db", resource="https://api.example.com")
app = FastAPI()


@app.get("/healthz")
async def healthz() -> str:
    return "ok"


@app.get("/invoices/{invoice_id}")
async def show(
    invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id", hide=True)]
) -> dict[str, object]:
    return {"id": invoice_id, "reader": who.subject}


@app.post("/invoices/{invoice_id}/pay")
async def pay(
    invoice_id: int, who: Annotated[Principal, door.require("invoice:pay", id="invoice_id")]
) -> dict[str, int]:
    return {"paid": invoice_id}
