"""What we give to others for their tests: a clock, a world, and the proof of a storage adapter.

Names are loaded when they are asked for: our pytest plugin lives here, and must not load all of doorward at its start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doorward.testing.clock import FakeClock
    from doorward.testing.contract.suite import StorageContract
    from doorward.testing.world import open_world

__all__ = ["FakeClock", "StorageContract", "open_world"]

_HOMES = {"FakeClock": "clock", "StorageContract": "contract.suite", "open_world": "world"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `{__name__}` has no `{name}`")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
