"""API keys: long-lived credentials of a user or service account, never above their owner."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key. `id` is `key_…`; `digest` is of the secret (`dw_…`), shown once. `owner` is a subject (`user:ID`).
    `scope` is the permissions it carries, None for all its owner's; `organization` makes that one active."""

    id: str
    digest: str
    name: str
    owner: str
    created: Instant
    expires: Instant | None
    scope: tuple[str, ...] | None = None
    organization: str | None = None
    hint: str = ""  # the secret's last 4 characters, to tell keys apart
    version: int = 1


API_KEYS = Table(
    "api_keys",
    ApiKey,
    key=("id",),
    unique=(("digest",),),
    lookup=(("owner", "id"),),
    expires="expires",
    versioned=True,
    watched=True,
)
API_KEY_PREFIX = "dw"
