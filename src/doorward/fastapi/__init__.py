"""doorward in a FastAPI app: `door.require(…)` guards a route, `door.mount(…)` brings the whole server into the app.

from doorward.fastapi import Doorward, Principal

door = Doorward("sqlite:///app.db", resource="https://api.example.com", access="access.toml")

@app.get("/invoices/{invoice_id}")
async def show(invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id")]): ...
"""

from doorward.core.decision import Allow, Decision, Deny
from doorward.core.principal import Principal
from doorward.fastapi.answers import Denied
from doorward.fastapi.door import Doorward
from doorward.guard.pending import ForgottenAwait

__all__ = ["Allow", "Decision", "Denied", "Deny", "Doorward", "ForgottenAwait", "Principal"]
