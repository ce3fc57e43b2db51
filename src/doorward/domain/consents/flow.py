"""Give consent by itself. The authorization endpoint uses the rule, in the batch that also issues the code."""

from __future__ import annotations

from collections.abc import Sequence

from doorward.core.errors import Exists, LostRace
from doorward.core.outcome import Event, keep
from doorward.domain.consents import reads, rules
from doorward.domain.consents.records import Consent
from doorward.ports import World, flow


@flow
async def give(world: World, user: str, client: str, scope: Sequence[str]) -> Consent:
    """Remember that this user allows this client these scopes, beside those allowed before."""
    before = await reads.consent(world, user, client)
    consent, changes = rules.give(before, user, client, scope, world.clock.now())
    event = Event("consent.give", f"client:{client}", data={"user": user, "scope": list(scope)})
    try:
        return await world.commit(keep(consent, *changes, *([event] if changes else [])))
    except Exists as taken:
        raise LostRace("the consent was given meanwhile") from taken
