"""Clients, by client_id."""

from doorward.core.oauth.client import Client
from doorward.core.table import Table

CLIENTS = Table("clients", Client, key=("client_id",), versioned=True, watched=True, lookup=(("service_account",),))
