"""Whose scripts may read our answers: the web origins of active clients' redirect URIs, in memory and current."""

from __future__ import annotations

from doorward.core.oauth import redirects
from doorward.core.oauth.client import Client
from doorward.domain.clients.records import CLIENTS
from doorward.ports import Changed, Feed, World


class RegisteredOrigins:
    """A ports.Follower that is asked with a World and an origin, for `application(origins=…)`.

    Origins are compared byte for byte, as browsers spell them, the port too: a loopback client's other ports don't
    count. Does NOT answer from memory alone: every question catches up with the database first.
    """

    def __init__(self) -> None:
        self._origins: dict[str, frozenset[str]] = {}

    async def __call__(self, world: World, origin: str) -> bool:
        """Whether an active client has a redirect URI there. Raises Unavailable when the database does not answer."""
        with world.relations.still():
            return any(origin in origins for origins in self._origins.values())

    def reset(self, feed: Feed) -> None:
        """See ports.Follower."""
        self._origins = {client.client_id: _origins(client) for client in feed.rows(CLIENTS)}

    def apply(self, change: Changed, feed: Feed) -> None:
        """See ports.Follower."""
        if change.table != CLIENTS.name or change.relation is not None:
            return
        key = str(change.key[0])
        client = feed.row(CLIENTS, key)
        if client is None:
            self._origins.pop(key, None)
        else:
            self._origins[key] = _origins(client)


def _origins(client: Client) -> frozenset[str]:
    if client.status != "active":
        return frozenset()
    return frozenset(filter(None, map(redirects.web_origin, client.redirect_uris)))
