"""Writing relations, placing objects, writing models: one batch each, audited."""

from __future__ import annotations

from collections.abc import Sequence

from doorward.core.access.relation import PLACE, Relation
from doorward.core.errors import Exists, LostRace, NotFound
from doorward.domain.relations import reads, rules
from doorward.domain.relations.records import ModelVersion
from doorward.ports import World, flow


@flow
async def write(world: World, *, add: Sequence[Relation] = (), remove: Sequence[Relation] = ()) -> None:
    """Write and remove rows of the application in one batch. Errors: see `rules.written`."""
    with world.relations.still():
        model = world.catalogue.model()
    await world.commit(rules.written(model, add, remove))


@flow
async def place(world: World, object: str, organization: str | None) -> None:
    """Put an object into its one organization, out of any other; None takes it out.

    Errors: NotFound `organization.unknown`; Invalid for a malformed object or one of doorward's own.
    """
    if organization is not None:
        with world.relations.still():
            if world.catalogue.organization(organization) is None:
                raise NotFound(f"there is no organization `{organization}`", reason="organization.unknown")
    outcome = rules.placed(object, organization, await reads.rows(world, object=object, relation=PLACE))
    try:
        await world.commit(outcome)
    except Exists:
        raise LostRace("the object was placed meanwhile", reason="lost_race") from None


@flow
async def write_model(world: World, dsl: str, *, managed: bool = False) -> ModelVersion:
    """Make this text the model in force, as a new version. The same text again changes nothing.

    Errors: ModelError with every mistake and its place; Conflict `model.managed`.
    """
    current = await reads.current_model(world)
    outcome = rules.new_model(dsl, current, id=world.new_id("mod"), now=world.clock.now(), managed=managed)
    return await world.commit(outcome)
