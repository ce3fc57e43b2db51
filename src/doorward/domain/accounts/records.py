"""Users and service accounts: who can be a principal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from doorward.core.instant import Instant
from doorward.core.table import Table

Status = Literal["active", "disabled"]


@dataclass(frozen=True, slots=True)
class User:
    """A person. `id` is `usr_…`, opaque, never reused. `username` is as typed; `username_key` and `email_key` are its
    canonical spellings (RFC 8265), unique. `last_seen` is the last sign-in."""

    id: str
    username: str
    username_key: str
    name: str = ""
    email: str | None = None
    email_key: str | None = None
    email_verified: bool = False
    status: Status = "active"
    created: Instant = Instant(0)
    last_seen: Instant | None = None
    version: int = 1

    @property
    def subject(self) -> str:
        """As a relation's subject: `user:ID`."""
        return f"user:{self.id}"


USERS = Table(
    "users",
    User,
    key=("id",),
    unique=(("username_key",), ("email_key",)),
    lookup=(("status",),),
    versioned=True,
    watched=True,
)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A principal that is no person: a confidential client's own, or the owner of API keys. `id` is `svc_…`."""

    id: str
    name: str
    name_key: str
    status: Status = "active"
    created: Instant = Instant(0)
    version: int = 1

    @property
    def subject(self) -> str:
        """As a relation's subject: `service_account:ID`."""
        return f"service_account:{self.id}"


SERVICE_ACCOUNTS = Table(
    "service_accounts",
    ServiceAccount,
    key=("id",),
    unique=(("name_key",),),
    lookup=(("status",),),
    versioned=True,
    watched=True,
)
