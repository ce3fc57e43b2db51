"""What a caller may do here, as a list: for pages that show only what would be allowed."""

from __future__ import annotations

from doorward.core.principal import Principal
from doorward.domain.decisions.flow import decide
from doorward.ports import World


def permissions_of(
    world: World, principal: Principal, object: str | None = None, organization: str | None = None
) -> list[str]:
    """Every declared permission that `decide` allows, sorted; of an object, those of its type and its organization's.

    One decision for each permission, in one state of the database. Errors: as `decide`.
    """
    with world.relations.still():
        return [
            permission
            for permission in sorted(world.catalogue.declared())
            if decide(world, principal, permission, object, organization)
        ]
