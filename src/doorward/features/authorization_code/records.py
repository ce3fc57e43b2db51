"""Authorization codes: short, used once, and bound to everything they were issued for."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """One code, by its digest; the code itself is kept nowhere. RFC 6749 §4.1.2.

    Good until `valid_until` and once: `used` is when it was presented by its client, `family` what it opened then, or
    None if it was presented wrongly. The row outlives both (`expires`), so that a replay is known as one. `by_consent`:
    it rests on the person's consent, and falls with it; else on the client being ours.
    """

    digest: str
    client: str
    redirect_uri: str
    code_challenge: str
    user: str
    session: str
    scope: tuple[str, ...]
    resource: str
    auth_time: Instant
    acr: str
    amr: tuple[str, ...]
    issued: Instant
    valid_until: Instant
    expires: Instant
    by_consent: bool
    nonce: str | None = None
    organization: str | None = None
    used: Instant | None = None
    family: str | None = None
    version: int = 1


AUTHORIZATION_CODES = Table(
    "authorization_codes",
    AuthorizationCode,
    key=("digest",),
    lookup=(("user",), ("client",)),
    expires="expires",
    versioned=True,
    ephemeral=True,
)
