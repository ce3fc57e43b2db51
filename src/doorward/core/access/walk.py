"""The plain walk: does the model with these rows give a subject a relation to an object, and how?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer, and the tree that led to it."""

    allowed: bool
