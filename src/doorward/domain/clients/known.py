"""Clients kept in memory and equal to the database, for an endpoint that authenticates the same ones over and over."""

from __future__ import annotations

from collections.abc import Mapping

from doorward.core.errors import Unavailable
from doorward.core.oauth.client import Client
from doorward.domain.clients import rules
from doorward.domain.clients.records import CLIENTS
from doorward.ports import Changed, Feed, World

REMEMBERED = 10_000
"""Clients remembered; the one looked up first goes first."""


class KnownClients:
    """A ports.Follower. Clients that are there are remembered when they are asked for; that one is not there never is.

    Does NOT answer from memory alone: every question catches up with the database first.
    """

    def __init__(self) -> None:
        self._feed: Feed | None = None
        self._clients: dict[str, Client] = {}

    def authenticated(self, world: World, parameters: Mapping[str, str], authorization: str | None) -> Client | None:
        """The client, where `authenticate_client` would give it, decided by the same rules; else None or its error.

        Records nothing: a request that is refused here has to be given to `authenticate_client`.
        Raises OAuthError, Unavailable.
        """
        shown = rules.presented(parameters, authorization)
        with world.relations.still():
            client = self._client(shown.client_id)
        outcome = rules.authenticate(client, shown)
        return None if outcome.error is not None or outcome.changes else outcome.reply

    def reset(self, feed: Feed) -> None:
        """See ports.Follower."""
        self._feed, self._clients = feed, {}

    def apply(self, change: Changed, feed: Feed) -> None:
        """See ports.Follower."""
        self._feed = feed
        if change.table == CLIENTS.name:
            self._clients.pop(str(change.key[0]), None)

    def _client(self, client_id: str) -> Client | None:
        found = self._clients.get(client_id)
        if found is None:
            if self._feed is None:
                raise Unavailable("the clients follow nothing yet", reason="feed.failed")
            found = self._feed.row(CLIENTS, client_id)
            if found is not None:
                if len(self._clients) >= REMEMBERED:
                    del self._clients[next(iter(self._clients))]
                self._clients[client_id] = found
        return found
