"""The operations on resource servers. One is named by its identifier, an absolute URI: the audience of its tokens."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.roles import flow, reads
from doorward.domain.roles.records import ResourceServer
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/resource-servers"


class ResourceServerView(msgspec.Struct, frozen=True, kw_only=True):
    """An API. `managed`: it is in access.toml and changes only with it."""

    identifier: str
    name: str
    permissions: tuple[str, ...]
    managed: bool
    created: str


class ResourceServers(msgspec.Struct, frozen=True, kw_only=True):
    """Every API, doorward's own among them."""

    items: list[ResourceServerView]


class ListResourceServers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of them."""


class DeclareResourceServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API with all its permissions."""

    identifier: Annotated[str, Meta(description="Its audience, e.g. https://api.example.com.")]
    name: Annotated[str, Meta(description="What people call it.")] = ""
    permissions: Annotated[
        tuple[str, ...], Meta(description="A permission it declares, e.g. invoice:read; once for each.")
    ] = ()


class OneResourceServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One API."""

    identifier: Annotated[str, Meta(description="Its audience.")]


def view(server: ResourceServer) -> ResourceServerView:
    """The resource server without what only storage needs."""
    return ResourceServerView(
        identifier=server.identifier,
        name=server.name,
        permissions=server.permissions,
        managed=server.managed,
        created=to_text(server.created),
    )


async def list_resource_servers(world: World, principal: Principal, request: ListResourceServers) -> ResourceServers:
    """Every API."""
    return ResourceServers(items=[view(server) for server in await reads.resource_servers(world)])


async def declare(world: World, principal: Principal, request: DeclareResourceServer) -> ResourceServerView:
    """Declare the API, or make it declare exactly these permissions."""
    return view(await flow.declare(world, request.identifier, request.name, request.permissions))


async def undeclare(world: World, principal: Principal, request: OneResourceServer) -> None:
    """Remove an API: its permissions are unknown from then on, whatever roles say."""
    await flow.undeclare(world, request.identifier)


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_resource_servers", "GET", _PATH, "List APIs and their permissions.", "dw_resource_server:list",
        ListResourceServers, ResourceServers, list_resource_servers, "resource-server list",
    ),
    Operation(
        "declare_resource_server", "PUT", _PATH, "Declare an API with all its permissions.",
        "dw_resource_server:write", DeclareResourceServer, ResourceServerView, declare,
        "resource-server create", ("identifier",),
    ),
    Operation(
        "delete_resource_server", "DELETE", _PATH, "Remove an API and its permissions.",
        "dw_resource_server:delete", OneResourceServer, type(None), undeclare,
        "resource-server delete", ("identifier",),
    ),
)  # fmt: skip
