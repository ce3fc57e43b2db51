"""A World of real parts from Settings. The only product module that picks adapters."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote

from doorward.adapters import AesKeyring, Argon2Hasher, SystemClock, SystemEntropy
from doorward.adapters.sqlite import copies, open_sqlite
from doorward.core.errors import Conflict, Exists, Misconfigured
from doorward.core.settings import Settings
from doorward.domain.decisions.catalogue import Catalogue
from doorward.domain.tables import DOMAIN_TABLES
from doorward.engine import RelationIndex
from doorward.feature import House, collect
from doorward.features import FEATURES
from doorward.ports import Clock, Keyring, World
from doorward.settings import key_bytes, require_server

DATABASE = "doorward.db"


def database_path(settings: Settings) -> Path:
    """The SQLite file that these settings mean. Raises Misconfigured for another kind of database."""
    url = settings.database_url
    if not url:
        return Path(settings.data) / DATABASE
    scheme, _, path = url.partition("://")
    if scheme != "sqlite" or not path.startswith("/") or path == "/":
        raise Misconfigured(
            f"`{scheme}` is not a kind of database that this version keeps its data in"
            if scheme != "sqlite"
            else "the database URL names no file",
            reason="database.unknown",
            hint="sqlite:///relative/path.db or sqlite:////absolute/path.db",
        )
    return Path(unquote(path[1:]))


async def open_world(
    settings: Settings, *, server: bool = True, shared: bool = False, clock: Clock | None = None
) -> World:
    """A World of real parts on the database of these settings, which is made where it is missing. Close with `close`.

    `server` asks for what only a server has: a public URL and a secret key. Without it operations that need the key
    raise Misconfigured when they are called. `shared`: the file may hold an application's own tables too.
    Raises Misconfigured, Unavailable.
    """
    if server:
        require_server(settings)
    joined = house()
    keyring: Keyring = AesKeyring(key_bytes(settings)) if settings.secret_key else NoKeyring()
    clock = clock or SystemClock()
    storage = await open_sqlite(
        database_path(settings),
        (*DOMAIN_TABLES, *joined.tables),
        clock,
        busy_timeout=settings.busy_timeout,
        change_retention=settings.change_retention,
        shared=shared,
    )
    try:
        catalogue = Catalogue(joined.permissions)
        relations = RelationIndex(storage.feed(), clock, settings.freshness)
        relations.follow(catalogue)
        return World(
            settings=settings,
            storage=storage,
            relations=relations,
            clock=clock,
            entropy=SystemEntropy(),
            hasher=Argon2Hasher(threads=settings.hasher_threads),
            keyring=keyring,
            catalogue=catalogue,
        )
    except BaseException:
        await storage.close()
        raise


async def open_guard(settings: Settings, *, clock: Clock | None = None) -> World:
    """The World of an API that guards its routes: no public URL and no secret key needed, other tables welcome."""
    return await open_world(settings, server=False, shared=True, clock=clock)


async def close(world: World) -> None:
    """Finish what is being written and let go of the database."""
    await world.storage.close()
    if isinstance(world.hasher, Argon2Hasher):
        world.hasher.close()


def backup(settings: Settings, target: Path) -> None:
    """Copy the database into a new file while others use it. Raises Conflict when the file is there already."""
    try:
        copies.backup(database_path(settings), target)
    except Exists:
        raise Conflict(f"`{target}` is there already", reason="backup.exists", hint="name a new file") from None


def restore(settings: Settings, source: Path) -> None:
    """Put a backup in the database's place, on a new timeline: sessions, tokens and codes of before are void.

    Raises Unavailable while a process has the database open, Misconfigured for a file that is damaged or none of ours.
    """
    copies.restore(source, database_path(settings), (*DOMAIN_TABLES, *house().tables))


def house() -> House:
    """All features, joined."""
    return collect(FEATURES)


class NoKeyring:
    """Stands where there is no secret key: whatever needs it is refused, and told how to get it."""

    def seal(self, plain: bytes, place: tuple[str, str, str]) -> NoReturn:
        """Raises Misconfigured."""
        self._missing()

    def open(self, sealed: bytes, place: tuple[str, str, str]) -> NoReturn:
        """Raises Misconfigured."""
        self._missing()

    def mac(self, purpose: str, message: bytes) -> NoReturn:
        """Raises Misconfigured."""
        self._missing()

    def _missing(self) -> NoReturn:
        raise Misconfigured("this needs the server's secret key", hint="set DOORWARD_SECRET_KEY_FILE")
