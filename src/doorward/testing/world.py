"""A World of real adapters on a fresh database, in one call."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from os import PathLike
from typing import Any

from doorward.adapters import AesKeyring, Argon2Hasher, SystemEntropy
from doorward.adapters.sqlite import open_sqlite
from doorward.core.settings import Settings
from doorward.core.table import Table
from doorward.domain.tables import DOMAIN_TABLES
from doorward.ports import Clock, Storage, World
from doorward.testing.clock import FakeClock

PUBLIC_URL = "https://auth.example.com"


async def open_world(
    path: str | PathLike[str],
    *,
    clock: Clock | None = None,
    tables: Sequence[Table[Any]] | None = None,
    settings: Settings | None = None,
) -> World:
    """A World on the SQLite file `path`, with a FakeClock unless another is given and argon2id at its fastest.

    `tables` are the domain's and every feature's by default. Close it with `await world.storage.close()`.
    """
    settings = settings or Settings(public_url=PUBLIC_URL)
    clock = clock or FakeClock()
    tables = all_tables() if tables is None else tables
    storage = await open_sqlite(
        path, tables, clock, busy_timeout=settings.busy_timeout, change_retention=settings.change_retention
    )
    try:
        relations, catalogue = _index(storage, clock, settings)
        return World(
            settings=settings,
            storage=storage,
            relations=relations,
            catalogue=catalogue,
            clock=clock,
            entropy=SystemEntropy(),
            hasher=Argon2Hasher(memory_kib=8, time=1),
            keyring=AesKeyring(os.urandom(32)),
        )
    except BaseException:
        await storage.close()
        raise


def all_tables() -> tuple[Table[Any], ...]:
    """The domain's tables and every feature's, each once."""
    features = importlib.import_module("doorward.features")
    added = [table for feature in getattr(features, "FEATURES", ()) for table in feature.tables]
    return tuple(dict.fromkeys((*DOMAIN_TABLES, *added)))


def _index(storage: Storage, clock: Clock, settings: Settings) -> tuple[Any, Any]:
    """The relation index and the catalogue that follows it."""
    try:
        from doorward.engine import RelationIndex

        index: Any = RelationIndex(storage.feed(), clock, settings.freshness)
    except ImportError:
        return _Missing("relation index"), _Missing("catalogue")
    made = getattr(importlib.import_module("doorward.domain.decisions"), "Catalogue", None)
    if made is None:
        return index, _Missing("catalogue")
    catalogue = made()
    index.follow(catalogue)
    return index, catalogue


class _Missing:
    """Stands where a part is not built yet, and says so when it is used."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(f"there is no {self._what} yet: `{name}`")
