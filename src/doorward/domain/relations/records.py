"""Authorization models: immutable versions of what relations mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from doorward.core.access.relation import PLACE
from doorward.core.instant import Instant
from doorward.core.table import Table

__all__ = ["MODELS", "PLACE", "Held", "ModelVersion"]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One written model. `id` is `mod_…` and grows; the newest of a store is in force. `dsl` is as it was written."""

    id: str
    store: str
    dsl: str
    created: Instant
    managed: bool = False


MODELS = Table("models", ModelVersion, key=("store", "id"), watched=True)


class Held(NamedTuple):
    """A role held at a place (`*`, `organization:ID`, an object) by `via`: the subject itself or a group of its."""

    role: str
    place: str
    via: str
