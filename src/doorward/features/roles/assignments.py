"""The operations on assignments: who holds which role, everywhere, in an organization or on an object."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

import msgspec
from msgspec import Meta as Field

from doorward.core.access.relation import EVERYWHERE
from doorward.core.errors import Exists, Invalid
from doorward.core.instant import Instant, from_text, to_text
from doorward.core.meta import INITIALISED, META, Meta
from doorward.core.outcome import Event, keep
from doorward.core.principal import Principal
from doorward.core.table import Add
from doorward.domain.accounts.reads import subject as found_subject
from doorward.domain.roles import flow, reads
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/assignments"

Subject = Annotated[str, Field(description="Username, service_account:NAME or group:ID.")]
RoleName = Annotated[str, Field(description="The role's name.")]
Organization = Annotated[str | None, Field(description="In this organization.", extra={"option": "org"})]
On = Annotated[str | None, Field(description="On this object, e.g. invoice:7.")]


class AssignmentView(msgspec.Struct, frozen=True, kw_only=True):
    """Who (`name` is what people call them) holds which role, where: `*` is everywhere."""

    subject: str
    name: str
    role: str
    place: str
    expires: str | None


class Assignments(msgspec.Struct, frozen=True, kw_only=True):
    """A page of assignments; `next` is the `after` of the next page, or None at the end."""

    items: list[AssignmentView]
    next: str | None


class ListAssignments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which assignments; several conditions narrow each other."""

    subject: Annotated[str | None, Field(description="Only what they hold.")] = None
    role: Annotated[str | None, Field(description="Only of this role.")] = None
    organization: Organization = None
    on: On = None
    after: Annotated[str, Field(description="`next` of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class Assign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to hold which role: everywhere, unless a place is named."""

    subject: Subject
    role: RoleName
    organization: Organization = None
    on: On = None
    expires: Annotated[str | None, Field(description="Until then, e.g. 2027-01-31T12:00:00Z.")] = None


class Unassign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to hold a role no longer, and where they hold it."""

    subject: Subject
    role: RoleName
    organization: Organization = None
    on: On = None


def place_of(organization: str | None, on: str | None) -> str:
    """Where: `*`, `organization:ID` or an object. Invalid when two places are named."""
    if organization is not None and on is not None:
        raise Invalid("a role is held in an organization or on an object, not both", reason="assignment.place")
    if organization is not None:
        return f"organization:{organization}"
    return EVERYWHERE if on is None else on


async def subject_of(world: World, reference: str) -> str:
    """An assignee: a user or service account by name or id, or the members of a group."""
    if reference.startswith("group:"):
        return f"{reference.partition('#')[0]}#member"
    return (await found_subject(world, reference)).subject


async def list_assignments(world: World, principal: Principal, request: ListAssignments) -> Assignments:
    """A page of assignments, or all that fit the conditions."""
    subject = await subject_of(world, request.subject) if request.subject else None
    place = place_of(request.organization, request.on) if request.organization or request.on else None
    if subject or request.role or place:
        some, more = await reads.assignments(world, subject=subject, role=request.role, place=place), False
    else:
        some = await reads.page_of_assignments(world, after=_after(request.after), limit=request.limit)
        more = len(some) == request.limit
    with world.relations.still():
        items = [_view(world, one) for one in some]
    last = some[-1] if more else None
    return Assignments(items=items, next=f"{last.role} {last.place} {last.subject}" if last else None)


async def assign(world: World, principal: Principal, request: Assign) -> AssignmentView:
    """Give the role. Doorward's own permissions can only be given by who holds them."""
    subject = await subject_of(world, request.subject)
    place = place_of(request.organization, request.on)
    expires = _expiry(world, request.expires)
    await flow.assign(world, subject, request.role, place, by=principal, expires=expires)
    if (request.role, place) == (ADMIN_ROLE, EVERYWHERE):
        await _close_setup(world, subject)
    with world.relations.still():
        return _view(world, reads.Assignment(subject, request.role, place, expires))


async def unassign(world: World, principal: Principal, request: Unassign) -> None:
    """Take the role away, at once. NotFound says where it is held instead."""
    subject = await subject_of(world, request.subject)
    await flow.unassign(world, subject, request.role, place_of(request.organization, request.on))


async def _close_setup(world: World, by: str) -> None:
    """There is an administrator now: `/setup` is over for good."""
    if await world.storage.get(META, INITIALISED) is None:
        event = Event("setup.close", "setup:code", data={"by": by})
        with suppress(Exists):  # somebody else closed it meanwhile
            await world.commit(keep(None, Add(META, Meta(INITIALISED, by)), event))


def _view(world: World, one: reads.Assignment) -> AssignmentView:
    return AssignmentView(
        subject=one.subject,
        name=world.catalogue.name(one.subject),
        role=one.role,
        place=one.place,
        expires=None if one.expires is None else to_text(one.expires),
    )


def _after(text: str) -> reads.Assignment | None:
    if not text:
        return None
    role, *rest = text.split(" ")
    if len(rest) != 2:
        raise Invalid("`after` is not the `next` of a page", reason="after.invalid")
    return reads.Assignment(rest[1], role, rest[0])


def _expiry(world: World, text: str | None) -> Instant | None:
    if text is None:
        return None
    try:
        expires = from_text(text)
    except (ValueError, OverflowError):
        hint = "write it like 2027-01-31T12:00:00Z"
        raise Invalid("`expires` is not a time", reason="expires.invalid", hint=hint) from None
    if expires <= world.clock.now():
        raise Invalid("`expires` is in the past", reason="expires.invalid")
    return expires


def as_text(reply: AssignmentView) -> str:
    """One line: who is what, where."""
    where = "everywhere" if reply.place == EVERYWHERE else f"at {reply.place}"
    until = f" until {reply.expires}" if reply.expires else ""
    return f"{reply.name} is {reply.role} {where.replace('at organization:', 'in ').replace('at ', 'on ')}{until}"


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_assignments", "GET", _PATH, "List who holds which role where.", "dw_assignment:list",
        ListAssignments, Assignments, list_assignments, "role assignments",
    ),
    Operation(
        "assign", "POST", _PATH, "Give a role: everywhere, in an organization or on an object.",
        "dw_assignment:create", Assign, AssignmentView, assign, "assign", ("subject", "role"), 201, as_text,
    ),
    Operation(
        "unassign", "DELETE", _PATH, "Take a role away.", "dw_assignment:delete", Unassign, type(None), unassign,
        "unassign", ("subject", "role"),
    ),
)  # fmt: skip
