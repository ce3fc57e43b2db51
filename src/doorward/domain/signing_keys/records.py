"""Signing keys: the public half in clear for guards, the private half sealed under the server key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from doorward.core.instant import Instant
from doorward.core.jose.algorithms import Algorithm
from doorward.core.table import Table

__all__ = ["SIGNING_KEYS", "Algorithm", "SigningKey"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair. `kid` is its RFC 7638 thumbprint. `public` is a JWK; `sealed` opens with place
    (`signing_keys`, kid, `sealed`). Published from `created` on, also when `retired`.
    `signs` is its algorithm while it is the one that signs by it, else None: unique, so there is one at most."""

    kid: str
    algorithm: Algorithm
    public: dict[str, Any]
    sealed: bytes
    created: Instant
    retired: Instant | None = None
    signs: Algorithm | None = None
    version: int = 1


SIGNING_KEYS = Table(
    "signing_keys",
    SigningKey,
    key=("kid",),
    unique=(("signs",),),
    lookup=(("algorithm",),),
    versioned=True,
    watched=True,
)
