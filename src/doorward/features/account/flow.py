"""Ending what is one's own. What belongs to somebody else is told as if it were not there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from doorward.core.errors import NotFound
from doorward.core.outcome import keep
from doorward.core.table import DeleteWhere
from doorward.domain.accounts.records import User
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.api_keys.records import API_KEYS
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents import reads as consent_reads
from doorward.domain.consents.records import CONSENTS, Consent
from doorward.domain.consents.rules import withdrawal
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.sessions.records import SESSIONS
from doorward.domain.tokens.records import FAMILIES
from doorward.ports import World, flow

End: TypeAlias = Callable[[World, User, str], Awaitable[None]]
"""Ends something of this user's by its id."""


async def end_session(world: World, user: User, id: str) -> None:
    """End one of this user's sessions and what hangs on it. NotFound for another's."""
    session = await world.storage.get(SESSIONS, id)
    if session is None or session.user != user.id:
        raise NotFound("this session has ended already", reason="session.unknown")
    await lifecycle.sign_out(world, session)


async def revoke_key(world: World, user: User, id: str) -> None:
    """Revoke one of this user's API keys. NotFound for another's."""
    key = await world.storage.get(API_KEYS, id)
    if key is None or key.owner != user.subject:
        raise NotFound("this API key is revoked already", reason="api_key.unknown")
    await api_keys.revoke(world, key.id)


@flow
async def withdraw(world: World, user: User, client: str) -> None:
    """Take back what this user allowed a client, and end the tokens it holds for them, in one batch."""
    consent = await world.storage.get(CONSENTS, user.id, client)
    if consent is None:
        raise NotFound("this was withdrawn already", reason="consent.unknown")
    ended = DeleteWhere(FAMILIES, {"user": user.id, "client": client})  # one that is being opened at this moment too
    await world.commit(keep(None, *withdrawal(consent), ended))


async def allowed_apps(world: World, user: User, *, limit: int) -> list[tuple[Consent, str]]:
    """This user's consents, each with the client's name."""
    named: list[tuple[Consent, str]] = []
    for consent in await consent_reads.consents(world, user.id, limit=limit):
        client = await world.storage.get(CLIENTS, consent.client)
        named.append((consent, client.client_name if client else consent.client))
    return named
