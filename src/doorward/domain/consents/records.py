"""What a person allowed a client to ask for in their name."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's consent to one client, for these scopes."""

    user: str
    client: str
    scope: tuple[str, ...]
    given: Instant
    version: int = 1


CONSENTS = Table("consents", Consent, key=("user", "client"), lookup=(("client",),), versioned=True)
