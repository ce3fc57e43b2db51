"""The setup code: one row while setup is open."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table

ONLY = "setup"
"""The key of the only row."""


@dataclass(frozen=True, slots=True)
class SetupCode:
    """The code that is awaited. `digest` is of the code without dashes; `attempts` were wrong."""

    name: str
    digest: str
    expires: Instant
    attempts: int = 0
    blocked_until: Instant = Instant(0)
    version: int = 1


SETUP_CODES = Table("setup_codes", SetupCode, key=("name",), expires="expires", versioned=True, ephemeral=True)
