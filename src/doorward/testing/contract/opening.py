"""How the contract opens the adapter it proves, here and in other processes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

from doorward.ports import Clock, Storage
from doorward.testing.contract.records import TABLES


async def open_storage(adapter: str, location: str, clock: Clock) -> Storage:
    """Open what `package.module:function` opens, with the contract's tables."""
    module, _, name = adapter.partition(":")
    open_it: Callable[..., Coroutine[Any, Any, Storage]] = getattr(import_module(module), name)
    return await open_it(location, TABLES, clock)
