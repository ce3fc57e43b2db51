"""The operations on organizations, each named by the id that was chosen for it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.accounts.reads import subject as found_subject
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.organizations import flow, reads
from doorward.domain.organizations.records import Organization
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/organizations"
_ONE = _PATH + "/{organization}"
_MEMBERS = _ONE + "/members"

Id = Annotated[str, Meta(description="The organization's id.")]
Member = Annotated[str, Meta(description="Username or service account.")]


class OrganizationView(msgspec.Struct, frozen=True, kw_only=True):
    """An organization as administrators see it."""

    id: str
    name: str
    status: str
    created: str


class Organizations(msgspec.Struct, frozen=True, kw_only=True):
    """A page of organizations; `next` is the `after` of the next page, or None at the end."""

    items: list[OrganizationView]
    next: str | None


class OrganizationMember(msgspec.Struct, frozen=True):
    """A member: their subject, and what people call them."""

    subject: str
    name: str


class OrganizationMembers(msgspec.Struct, frozen=True, kw_only=True):
    """A page of members; `next` is the `after` of the next page, or None at the end."""

    items: list[OrganizationMember]
    next: str | None


class ListOrganizations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which organizations: those behind the id `after`."""

    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class CreateOrganization(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new organization. Its id is for good."""

    organization: Annotated[str, Meta(description="Its id, e.g. acme; it never changes.")]
    name: Annotated[str, Meta(description="Its name, as shown.")] = ""


class OneOrganization(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One organization."""

    organization: Id


class UpdateOrganization(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Its new name."""

    organization: Id
    name: Annotated[str, Meta(description="Its name, as shown.")]


class ListOrganizationMembers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose members."""

    organization: Id
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class OneOrganizationMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member of one organization."""

    organization: Id
    member: Member


def view(organization: Organization) -> OrganizationView:
    """The organization without what only storage needs."""
    return OrganizationView(
        id=organization.id,
        name=organization.name,
        status=organization.status,
        created=to_text(organization.created),
    )


async def list_organizations(world: World, principal: Principal, request: ListOrganizations) -> Organizations:
    """A page of organizations in order of their ids."""
    some = await reads.organizations(world, after=request.after, limit=request.limit)
    return Organizations(items=[view(one) for one in some], next=some[-1].id if len(some) == request.limit else None)


async def create_organization(world: World, principal: Principal, request: CreateOrganization) -> OrganizationView:
    """A new, empty organization."""
    return view(await flow.create(world, request.organization, request.name))


async def show_organization(world: World, principal: Principal, request: OneOrganization) -> OrganizationView:
    """One organization. NotFound names the nearest."""
    return view(await reads.organization(world, request.organization))


async def update_organization(world: World, principal: Principal, request: UpdateOrganization) -> OrganizationView:
    """Give it another name."""
    return view(await flow.rename(world, request.organization, request.name))


async def disable_organization(world: World, principal: Principal, request: OneOrganization) -> OrganizationView:
    """Nothing in it is allowed any more, at once, until it is enabled again."""
    found = await reads.organization(world, request.organization)
    return view(await lifecycle.disable_organization(world, found))


async def enable_organization(world: World, principal: Principal, request: OneOrganization) -> OrganizationView:
    """What was allowed in it is allowed again."""
    found = await reads.organization(world, request.organization)
    return view(await lifecycle.enable_organization(world, found))


async def delete_organization(world: World, principal: Principal, request: OneOrganization) -> None:
    """Delete it with its memberships and the roles held in it."""
    await lifecycle.delete_organization(world, await reads.organization(world, request.organization))


async def list_members(world: World, principal: Principal, request: ListOrganizationMembers) -> OrganizationMembers:
    """A page of members."""
    organization = await reads.organization(world, request.organization)
    some = await reads.members(world, organization.id, after=request.after, limit=request.limit)
    with world.relations.still():
        items = [OrganizationMember(subject, world.catalogue.name(subject)) for subject in some]
    return OrganizationMembers(items=items, next=some[-1] if len(some) == request.limit else None)


async def add_member(world: World, principal: Principal, request: OneOrganizationMember) -> None:
    """Make somebody a member. Gives no role. Once more is no error."""
    found = await found_subject(world, request.member)
    await flow.add_member(world, request.organization, found.subject)


async def remove_member(world: World, principal: Principal, request: OneOrganizationMember) -> None:
    """End a membership, and the roles held there with it."""
    found = await found_subject(world, request.member)
    await flow.remove_member(world, request.organization, found.subject)


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_organizations", "GET", _PATH, "List organizations.", "dw_organization:list", ListOrganizations,
        Organizations, list_organizations, "organization list",
    ),
    Operation(
        "create_organization", "POST", _PATH, "Create an organization.", "dw_organization:create",
        CreateOrganization, OrganizationView, create_organization, "organization create", ("organization",), 201,
    ),
    Operation(
        "show_organization", "GET", _ONE, "Show an organization.", "dw_organization:read", OneOrganization,
        OrganizationView, show_organization, "organization show", ("organization",),
    ),
    Operation(
        "update_organization", "PATCH", _ONE, "Give an organization another name.", "dw_organization:update",
        UpdateOrganization, OrganizationView, update_organization, "organization update", ("organization",),
    ),
    Operation(
        "disable_organization", "POST", _ONE + "/disable", "Disable an organization: nothing in it is allowed.",
        "dw_organization:disable", OneOrganization, OrganizationView, disable_organization,
        "organization disable", ("organization",),
    ),
    Operation(
        "enable_organization", "POST", _ONE + "/enable", "Enable an organization again.",
        "dw_organization:enable", OneOrganization, OrganizationView, enable_organization,
        "organization enable", ("organization",),
    ),
    Operation(
        "delete_organization", "DELETE", _ONE, "Delete an organization with its memberships and assignments.",
        "dw_organization:delete", OneOrganization, type(None), delete_organization,
        "organization delete", ("organization",),
    ),
    Operation(
        "list_organization_members", "GET", _MEMBERS, "List an organization's members.",
        "dw_organization:list_members", ListOrganizationMembers, OrganizationMembers, list_members,
        "organization members", ("organization",),
    ),
    Operation(
        "add_organization_member", "PUT", _MEMBERS + "/{member}", "Make somebody a member.",
        "dw_organization:add_member", OneOrganizationMember, type(None), add_member,
        "organization add-member", ("organization", "member"),
    ),
    Operation(
        "remove_organization_member", "DELETE", _MEMBERS + "/{member}", "End a membership and the roles held there.",
        "dw_organization:remove_member", OneOrganizationMember, type(None), remove_member,
        "organization remove-member", ("organization", "member"),
    ),
)  # fmt: skip
