"""Reading relations: what the index knows of a subject (synchronous), and rows and models for screens and flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from doorward.core.access.relation import (
    ASSIGNEE,
    DEFAULT_STORE,
    EVERYWHERE,
    MEMBER,
    PLACE,
    RELATIONS,
    RESERVED,
    ROLE_TYPE,
    Relation,
    parse_assignment,
)
from doorward.core.access.walk import TooComplex
from doorward.core.errors import Conflict, Invalid
from doorward.core.principal import Principal
from doorward.core.table import Value
from doorward.domain.relations.records import MODELS, Held, ModelVersion
from doorward.ports import Relations, World

GROUP_LIMIT = 10_000
"""Groups one subject may be in, nested ones counted."""


def names_of(relations: Relations, subject: str) -> Sequence[str]:
    """The subject, then every group it is in, nested, as `group:ID#member`. A circle of groups ends.

    TooComplex at the limit: a part of the groups is no answer.
    """
    found = {subject: None}
    queue = [subject]
    for name in queue:
        for object, _ in relations.held(name, relation=MEMBER):
            userset = f"{object}#{MEMBER}"
            if object.startswith("group:") and userset not in found:
                found[userset] = None
                queue.append(userset)
                if len(queue) > GROUP_LIMIT:
                    raise TooComplex
    return queue


def roles_of(relations: Relations, subject: str) -> Iterator[Held]:
    """Every role the subject holds, wherever and by whichever group."""
    for name in names_of(relations, subject):
        for object, _ in relations.held(name, relation=ASSIGNEE):
            role, place = parse_assignment(object)
            yield Held(role, place, name)


def organization_of(relations: Relations, object: str) -> str | None:
    """The id of the object's organization, or None. An organization belongs to itself.

    Conflict when two rows disagree, which storage prevents: never an answer.
    """
    kind, _, id = object.partition(":")
    if kind == "organization":
        return id
    rows = list(relations.subjects(object, PLACE))
    if len(rows) > 1:
        raise Conflict(f"`{object}` belongs to two organizations", reason="organization.ambiguous")
    return rows[0].partition(":")[2] if rows else None


def organizations_of(relations: Relations, subject: str) -> list[str]:
    """Ids of the organizations the subject is a member of."""
    return sorted(
        object.partition(":")[2]
        for object, _ in relations.held(subject, relation=MEMBER)
        if object.startswith("organization:")
    )


def held_at(world: World, principal: Principal | None, place: str) -> frozenset[str] | None:
    """The permissions a caller can use at a place (`*`, `organization:ID`, an object): what they hold by roles there
    and in what it is part of, as far as their credential carries it. None, for the operator, is everything.

    Read it while the index holds still. Does NOT count relations of the model.
    """
    if principal is None or principal.credential_kind == "operator":
        return None
    if not world.catalogue.active(principal.subject):
        return frozenset()
    organization = None if place == EVERYWHERE else organization_of(world.relations, place)
    if principal.organization is not None and organization != principal.organization:
        return frozenset()
    if organization is not None and world.catalogue.organization(organization) != "active":
        return frozenset()
    places = {EVERYWHERE, place, f"organization:{organization}"}
    roles = {held.role for held in roles_of(world.relations, principal.subject) if held.place in places}
    permissions = frozenset[str]().union(*map(world.catalogue.permissions_of, roles))
    return permissions if principal.scopes is None else permissions & principal.scopes


async def rows(world: World, **where: str) -> list[Relation]:
    """All rows of the application's store whose columns equal these: `object` (and `relation`), or `subject` (and
    `relation`)."""
    found: list[Relation] = []
    after: tuple[Value, ...] | None = None
    while page := await world.storage.page(RELATIONS, {"store": DEFAULT_STORE, **where}, after=after, limit=1000):
        found += page
        after = RELATIONS.key_of(page[-1])
    return found


async def assignments_of_role(world: World, role: str) -> list[Relation]:
    """Every assignment of a role, wherever."""
    prefix = f"{ROLE_TYPE}:{role}/"
    found: list[Relation] = []
    after: tuple[Value, ...] = (DEFAULT_STORE, prefix, "", "")
    while page := await world.storage.page(RELATIONS, {"store": DEFAULT_STORE}, after=after, limit=1000):
        mine = [row for row in page if row.object.startswith(prefix)]
        found += mine
        if len(mine) < len(page):
            break
        after = RELATIONS.key_of(page[-1])
    return [row for row in found if row.relation == ASSIGNEE]


async def page_of_rows(
    world: World,
    *,
    object: str | None = None,
    relation: str | None = None,
    subject: str | None = None,
    after: Relation | None = None,
    limit: int = 50,
) -> list[Relation]:
    """Up to `limit` rows of the application, doorward's own left out, in order, behind the row `after`.

    `relation` narrows `object` or `subject`, one of which it needs. Invalid when it stands alone.
    """
    if relation is not None and object is None and subject is None:
        raise Invalid("a relation is listed with its object or subject", reason="filter.invalid")
    where = {"object": object, "relation": relation, "subject": subject}
    known = {column: value for column, value in where.items() if value is not None}
    found: list[Relation] = []
    behind = None if after is None else RELATIONS.key_of(after)
    while len(found) < limit:
        page = await world.storage.page(RELATIONS, {"store": DEFAULT_STORE, **known}, after=behind, limit=limit)
        found += [row for row in page if not row.object.startswith(RESERVED)]
        if len(page) < limit:
            break
        behind = RELATIONS.key_of(page[-1])
    return found[:limit]


async def current_model(world: World) -> ModelVersion | None:
    """The version in force."""
    newest = await world.storage.page(MODELS, {"store": DEFAULT_STORE}, limit=1, descending=True)
    return newest[0] if newest else None


async def models(world: World, *, limit: int = 50) -> list[ModelVersion]:
    """Versions of the application's model, newest first."""
    return await world.storage.page(MODELS, {"store": DEFAULT_STORE}, limit=limit, descending=True)
