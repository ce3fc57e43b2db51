"""The stages of an authorization request, in their fixed order, and the steps that features add to them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One check of the pipeline."""

    name: str
