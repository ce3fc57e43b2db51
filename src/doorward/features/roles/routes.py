"""The operations on roles: named sets of permissions."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.roles import flow, reads
from doorward.domain.roles.records import Role
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/roles"
_ONE = _PATH + "/{role}"

Permissions = Annotated[
    tuple[str, ...], Meta(description="A permission it gives, e.g. invoice:read or invoice:*; once for each.")
]


class RoleView(msgspec.Struct, frozen=True, kw_only=True):
    """A role. `managed`: it is in access.toml and changes only with it."""

    name: str
    description: str
    permissions: tuple[str, ...]
    managed: bool
    created: str


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """Every role but doorward's own."""

    items: list[RoleView]


class ListRoles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them."""


class PutRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role and all that it gives. A wildcard (`invoice:*`) means what is declared now."""

    role: Annotated[str, Meta(description="Its name, e.g. clerk.")]
    permissions: Permissions = ()
    description: Annotated[str, Meta(description="What it is for.")] = ""


class OneRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One role."""

    role: Annotated[str, Meta(description="The role's name.")]


def view(role: Role) -> RoleView:
    """The role without what only storage needs."""
    return RoleView(
        name=role.name,
        description=role.description,
        permissions=role.permissions,
        managed=role.managed,
        created=to_text(role.created),
    )


async def list_roles(world: World, principal: Principal, request: ListRoles) -> Roles:
    """Every role, by name."""
    return Roles(items=[view(role) for role in await reads.roles(world)])


async def show_role(world: World, principal: Principal, request: OneRole) -> RoleView:
    """One role. NotFound names the nearest."""
    return view(await reads.role(world, request.role))


async def put_role(world: World, principal: Principal, request: PutRole) -> RoleView:
    """Make the role, or make it give exactly these permissions; whoever holds it has them at once."""
    role = await flow.put_role(world, request.role, request.permissions, request.description, by=principal)
    return view(role)


async def delete_role(world: World, principal: Principal, request: OneRole) -> None:
    """Delete the role and every assignment of it."""
    await flow.delete_role(world, request.role)


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_roles", "GET", _PATH, "List roles.", "dw_role:list", ListRoles, Roles, list_roles, "role list",
    ),
    Operation(
        "show_role", "GET", _ONE, "Show a role.", "dw_role:read", OneRole, RoleView, show_role,
        "role show", ("role",),
    ),
    Operation(
        "put_role", "PUT", _ONE, "Make a role, or change what it gives.", "dw_role:write", PutRole, RoleView,
        put_role, "role put", ("role",),
    ),
    Operation(
        "delete_role", "DELETE", _ONE, "Delete a role and its assignments.", "dw_role:delete", OneRole, type(None),
        delete_role, "role delete", ("role",),
    ),
)  # fmt: skip
