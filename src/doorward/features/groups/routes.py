"""The operations on groups, each named by the id that was chosen for it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.accounts.reads import subject as found_subject
from doorward.domain.groups import flow, reads
from doorward.domain.groups.records import Group
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/groups"
_ONE = _PATH + "/{group}"
_MEMBERS = _ONE + "/members"

Id = Annotated[str, Meta(description="The group's id.")]
Member = Annotated[str, Meta(description="Username, service_account:NAME or group:ID.")]


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """A group as administrators see it."""

    id: str
    name: str
    created: str


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """A page of groups; `next` is the `after` of the next page, or None at the end."""

    items: list[GroupView]
    next: str | None


class GroupMember(msgspec.Struct, frozen=True):
    """A direct member: its subject, and what people call it."""

    subject: str
    name: str


class GroupMembers(msgspec.Struct, frozen=True, kw_only=True):
    """A page of direct members; `next` is the `after` of the next page, or None at the end."""

    items: list[GroupMember]
    next: str | None


class ListGroups(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which groups: those behind the id `after`."""

    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class CreateGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new group. Its id is for good."""

    group: Annotated[str, Meta(description="Its id, e.g. staff; it never changes.")]
    name: Annotated[str, Meta(description="Its name, as shown.")] = ""


class OneGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One group."""

    group: Id


class UpdateGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Its new name."""

    group: Id
    name: Annotated[str, Meta(description="Its name, as shown.")]


class ListGroupMembers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose members."""

    group: Id
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class OneGroupMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member of one group."""

    group: Id
    member: Member


def view(group: Group) -> GroupView:
    """The group without what only storage needs."""
    return GroupView(id=group.id, name=group.name, created=to_text(group.created))


async def subject_of(world: World, reference: str) -> str:
    """A member: a user or service account by name or id, or the members of a group."""
    if reference.startswith("group:"):
        return (await reads.group(world, reference)).members
    return (await found_subject(world, reference)).subject


async def list_groups(world: World, principal: Principal, request: ListGroups) -> Groups:
    """A page of groups in order of their ids."""
    some = await reads.groups(world, after=request.after, limit=request.limit)
    return Groups(items=[view(one) for one in some], next=some[-1].id if len(some) == request.limit else None)


async def create_group(world: World, principal: Principal, request: CreateGroup) -> GroupView:
    """A new, empty group."""
    return view(await flow.create(world, request.group, request.name))


async def show_group(world: World, principal: Principal, request: OneGroup) -> GroupView:
    """One group. NotFound names the nearest."""
    return view(await reads.group(world, request.group))


async def update_group(world: World, principal: Principal, request: UpdateGroup) -> GroupView:
    """Give it another name."""
    return view(await flow.rename(world, request.group, request.name))


async def delete_group(world: World, principal: Principal, request: OneGroup) -> None:
    """Delete it with its memberships and what is held through it."""
    await flow.delete(world, request.group)


async def list_members(world: World, principal: Principal, request: ListGroupMembers) -> GroupMembers:
    """A page of direct members."""
    group = await reads.group(world, request.group)
    some = await reads.members(world, group.id, after=request.after, limit=request.limit)
    with world.relations.still():
        items = [GroupMember(subject, world.catalogue.name(subject)) for subject in some]
    return GroupMembers(items=items, next=some[-1] if len(some) == request.limit else None)


async def add_member(world: World, principal: Principal, request: OneGroupMember) -> None:
    """Let somebody in; they hold at once what the group holds, doorward's own only if the caller holds it too."""
    await flow.add_member(world, request.group, await subject_of(world, request.member), by=principal)


async def remove_member(world: World, principal: Principal, request: OneGroupMember) -> None:
    """Take somebody out. Nothing happens if they are no member."""
    await flow.remove_member(world, request.group, await subject_of(world, request.member))


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_groups", "GET", _PATH, "List groups.", "dw_group:list", ListGroups, Groups, list_groups, "group list",
    ),
    Operation(
        "create_group", "POST", _PATH, "Create a group.", "dw_group:create", CreateGroup, GroupView, create_group,
        "group create", ("group",), 201,
    ),
    Operation(
        "show_group", "GET", _ONE, "Show a group.", "dw_group:read", OneGroup, GroupView, show_group,
        "group show", ("group",),
    ),
    Operation(
        "update_group", "PATCH", _ONE, "Give a group another name.", "dw_group:update", UpdateGroup, GroupView,
        update_group, "group update", ("group",),
    ),
    Operation(
        "delete_group", "DELETE", _ONE, "Delete a group with its memberships.", "dw_group:delete", OneGroup,
        type(None), delete_group, "group delete", ("group",),
    ),
    Operation(
        "list_group_members", "GET", _MEMBERS, "List a group's direct members.", "dw_group:list_members",
        ListGroupMembers, GroupMembers, list_members, "group members", ("group",),
    ),
    Operation(
        "add_group_member", "PUT", _MEMBERS + "/{member}", "Let somebody into a group.", "dw_group:add_member",
        OneGroupMember, type(None), add_member, "group add-member", ("group", "member"),
    ),
    Operation(
        "remove_group_member", "DELETE", _MEMBERS + "/{member}", "Take somebody out of a group.",
        "dw_group:remove_member", OneGroupMember, type(None), remove_member,
        "group remove-member", ("group", "member"),
    ),
)  # fmt: skip
