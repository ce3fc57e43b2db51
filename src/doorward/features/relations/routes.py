"""The operations on relations: rows of object, relation and subject, and the organization that an object is in."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.access.relation import Relation
from doorward.core.errors import Invalid
from doorward.core.principal import Principal
from doorward.domain.accounts.reads import user
from doorward.domain.relations import flow, reads
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/relations"
_PLACES = "/api/v1/places"

Object = Annotated[str, Meta(description="What, e.g. invoice:7.")]
Subject = Annotated[str, Meta(description="Who: a username, user:ID, group:ID#member, user:* for everyone.")]
Organization = Annotated[str, Meta(description="The organization's id.", extra={"option": "org"})]


class RelationView(msgspec.Struct, frozen=True):
    """One row: `subject` is `relation` of `object`."""

    object: str
    relation: str
    subject: str


class Relations(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rows; `next` is the `after` of the next page, or None at the end."""

    items: list[RelationView]
    next: str | None


class ListRelations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rows: of an object or a subject, and of those one relation."""

    object: Annotated[str | None, Meta(description="Only of this object.")] = None
    relation: Annotated[str | None, Meta(description="Only this relation, of the object or subject.")] = None
    subject: Annotated[str | None, Meta(description="Only of this subject.")] = None
    after: Annotated[str, Meta(description="`next` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class OneRelation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row."""

    object: Object
    relation: Annotated[str, Meta(description="What they are to it, e.g. viewer.")]
    subject: Subject


class PlaceObject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object and the one organization it is in."""

    object: Object
    organization: Organization


class UnplaceObject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object that is to be in no organization."""

    object: Object


async def list_relations(world: World, principal: Principal, request: ListRelations) -> Relations:
    """A page of rows, doorward's own left out."""
    after = None
    if request.after:
        object, *rest = request.after.split(" ")
        if len(rest) != 2:
            raise Invalid("`after` is not the `next` of a page", reason="after.invalid")
        after = Relation(object, rest[0], rest[1])
    subject = await _subject(world, request.subject) if request.subject else None
    some = await reads.page_of_rows(
        world, object=request.object, relation=request.relation, subject=subject, after=after, limit=request.limit
    )
    items = [RelationView(row.object, row.relation, row.subject) for row in some]
    last = items[-1] if len(items) == request.limit else None
    return Relations(items=items, next=f"{last.object} {last.relation} {last.subject}" if last else None)


async def add_relation(world: World, principal: Principal, request: OneRelation) -> RelationView:
    """Write a row, as far as the model lets it. One that is there already is no error."""
    row = Relation(request.object, request.relation, await _subject(world, request.subject))
    await flow.write(world, add=[row])
    return RelationView(row.object, row.relation, row.subject)


async def remove_relation(world: World, principal: Principal, request: OneRelation) -> None:
    """Delete a row. One that is not there is no error."""
    row = Relation(request.object, request.relation, await _subject(world, request.subject))
    await flow.write(world, remove=[row])


async def place_object(world: World, principal: Principal, request: PlaceObject) -> None:
    """Put an object into an organization, out of any other: roles held there now hold for it."""
    await flow.place(world, request.object, request.organization)


async def unplace_object(world: World, principal: Principal, request: UnplaceObject) -> None:
    """Take an object out of its organization: roles held there no longer hold for it."""
    await flow.place(world, request.object, None)


async def _subject(world: World, reference: str) -> str:
    """A subject as rows have it. A word without a colon is a username."""
    return reference if ":" in reference else (await user(world, reference)).subject


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_relations", "GET", _PATH, "List relations.", "dw_relation:list", ListRelations, Relations,
        list_relations, "relation list",
    ),
    Operation(
        "add_relation", "POST", _PATH, "Write a relation.", "dw_relation:add", OneRelation, RelationView,
        add_relation, "relation add", ("object", "relation", "subject"), 201,
    ),
    Operation(
        "remove_relation", "DELETE", _PATH, "Remove a relation.", "dw_relation:remove", OneRelation, type(None),
        remove_relation, "relation remove", ("object", "relation", "subject"),
    ),
    Operation(
        "place_object", "PUT", _PLACES, "Put an object into its one organization.", "dw_relation:place",
        PlaceObject, type(None), place_object, "relation place", ("object",),
    ),
    Operation(
        "unplace_object", "DELETE", _PLACES, "Take an object out of its organization.", "dw_relation:place",
        UnplaceObject, type(None), unplace_object, "relation unplace", ("object",),
    ),
)  # fmt: skip
