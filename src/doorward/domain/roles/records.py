"""Permissions declared by resource servers, and roles: named sets of them.

Assignments are relation rows: object `dw_role:<role>/<place>`, relation `assignee`, where the place is `*`
(everywhere), `organization:<id>`, or the object itself (`invoice:7`).
"""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table

ADMIN_ROLE = "dw_admin"
"""Holds every permission of doorward's own; cannot be edited."""


@dataclass(frozen=True, slots=True)
class ResourceServer:
    """An API that declares permissions. `identifier` is its audience, an absolute URI (RFC 8707 §2).
    `permissions` are `type:verb`. A type belongs to one resource server of the installation."""

    identifier: str
    name: str
    permissions: tuple[str, ...] = ()
    managed: bool = False
    created: Instant = Instant(0)
    version: int = 1


RESOURCE_SERVERS = Table("resource_servers", ResourceServer, key=("identifier",), versioned=True, watched=True)


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions (wildcards are expanded when it is written). `managed` rows belong to access.toml."""

    name: str
    permissions: tuple[str, ...]
    description: str = ""
    managed: bool = False
    created: Instant = Instant(0)
    version: int = 1


ROLES = Table("roles", Role, key=("name",), versioned=True, watched=True)
