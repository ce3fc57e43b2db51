"""A World of real adapters on a fresh database, in one call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from typing import Any

from doorward.adapters import AesKeyring, Argon2Hasher, SystemEntropy
from doorward.adapters.sqlite import open_sqlite
from doorward.core.settings import Settings
from doorward.core.table import Table
from doorward.domain.decisions import Catalogue
from doorward.domain.tables import DOMAIN_TABLES
from doorward.engine import RelationIndex
from doorward.feature import collect
from doorward.features import FEATURES
from doorward.ports import Clock, World
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
        relations = RelationIndex(storage.feed(), clock, settings.freshness)
        catalogue = Catalogue(collect(FEATURES).permissions)
        relations.follow(catalogue)
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
    return tuple(dict.fromkeys((*DOMAIN_TABLES, *(table for feature in FEATURES for table in feature.tables))))
