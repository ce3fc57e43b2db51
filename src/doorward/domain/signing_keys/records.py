"""Signing keys: the public half in clear for guards, the private half sealed under the server key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from doorward.core.instant import Instant
from doorward.core.table import Table

Algorithm = Literal["ES256", "RS256", "PS256", "EdDSA"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair. `kid` is its RFC 7638 thumbprint. `public` is a JWK; `sealed` opens with place
    (`signing_keys`, kid, `sealed`). Published from `created`; signs while `retired` is None."""

    kid: str
    algorithm: Algorithm
    public: dict[str, Any]
    sealed: bytes
    created: Instant
    retired: Instant | None = None
    version: int = 1


SIGNING_KEYS = Table("signing_keys", SigningKey, key=("kid",), lookup=(("algorithm",),), versioned=True, watched=True)
