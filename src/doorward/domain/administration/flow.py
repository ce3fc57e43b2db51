"""Asked before an administrator gives or takes over rights. A refusal is recorded.

Rights in other APIs are what administrators are there to hand out; doorward's own would let them become more than
they were made.
"""

from __future__ import annotations

from collections.abc import Iterable

from doorward.core.access.relation import EVERYWHERE
from doorward.core.outcome import Event, refuse
from doorward.core.principal import Principal
from doorward.domain.relations.reads import held_at, roles_of
from doorward.domain.relations.rules import escalation
from doorward.ports import World


async def may_give(world: World, principal: Principal, permissions: Iterable[str]) -> None:
    """Raise Forbidden unless the caller holds all of doorward's own among `permissions`, with the credential at hand.

    Does NOT ask whether they may do what the operation does.
    """
    with world.relations.still():
        error = escalation(held_at(world, principal, EVERYWHERE), frozenset(permissions))
    if error is not None:
        await world.commit(refuse(error, Event("call.refuse", principal.subject, "refused", error.reason)))


async def may_act_as(world: World, principal: Principal, subject: str) -> None:
    """The same for everything that `subject` holds by roles, its groups' among them: whoever sets a password, makes a
    key or joins a group could act as it. `subject` may be a userset (`group:ID#member`)."""
    if subject != principal.subject:
        await may_give(world, principal, held_by(world, subject))


def held_by(world: World, subject: str) -> frozenset[str]:
    """Every permission that a subject's roles give, wherever they are held."""
    with world.relations.still():
        held = {one.role for one in roles_of(world.relations, subject)}
        return frozenset[str]().union(*map(world.catalogue.permissions_of, held))
