"""Facts about the database itself, one row each: which database it is, which timeline, whether it was set up."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Meta:
    """One fact. `name` is one of the constants below."""

    name: str
    value: str


META = Table("meta", Meta, key=("name",), owner="doorward.adapters")
"""Made by every adapter, whatever tables it is given. Not versioned: a fact is added once, or put."""

DATABASE = "database"
"""Random, made with the database, kept by its copies."""

TIMELINE = "timeline"
"""Random, new after every restore: revisions of two timelines can't be compared."""

FORMAT = "format"
"""The storage format, a whole number. A newer one than we know is refused."""

INITIALISED = "initialised"
"""There from the moment the first administrator was made, and for good: `Add` it in the same batch."""

VALID_FROM = "valid_from"
"""An Instant in decimal, set by a restore: a token issued before it is void, whatever its signature says."""
