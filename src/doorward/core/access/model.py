"""An authorization model: types, their relations, and how each is derived."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """Placeholder of shape until the language is in."""
