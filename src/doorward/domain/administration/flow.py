"""Asked before an administrator gives or takes over rights. A refusal is recorded."""

from __future__ import annotations

from collections.abc import Iterable

from doorward.core.outcome import Event, refuse
from doorward.core.principal import Principal
from doorward.domain.administration import rules
from doorward.domain.decisions.flow import decide
from doorward.domain.relations.reads import roles_of
from doorward.ports import World


async def may_give(world: World, principal: Principal, permissions: Iterable[str], what: str) -> None:
    """Raise Forbidden `permission.not_held` unless the caller holds all of doorward's own among `permissions`, with
    the credential at hand. Does NOT ask whether they may do what the operation does."""
    error = rules.refusal(permissions, lambda permission: bool(decide(world, principal, permission)), what)
    if error is not None:
        await world.commit(refuse(error, Event("call.refuse", principal.subject, "refused", error.reason)))


async def may_act_as(world: World, principal: Principal, subject: str, what: str) -> None:
    """The same for everything that `subject` holds by roles, its groups' among them: whoever sets a password, makes a
    key or joins a group could act as it. `subject` may be a userset (`group:ID#member`)."""
    if subject != principal.subject:
        await may_give(world, principal, held_by(world, subject), what)


def held_by(world: World, subject: str) -> set[str]:
    """Every permission that a subject's roles give, wherever they are held."""
    with world.relations.still():
        held = {one.role for one in roles_of(world.relations, subject)}
        return {permission for role in held for permission in world.catalogue.permissions_of(role)}
