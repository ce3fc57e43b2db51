"""Clients, by client_id."""

from doorward.core.oauth.client import Client
from doorward.core.table import Table

CLIENTS = Table(
    "clients",
    Client,
    key=("client_id",),
    lookup=(("service_account",),),
    versioned=True,
    watched=True,
    owner="doorward.domain.clients",
)
