"""Who has the database open: a lock file beside it, held shared by every process that serves from it.

SQLite's own locks come and go with transactions; a restore must know that nobody will come back to the old file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doorward.core.errors import Unavailable


def hold(path: Path) -> int:
    """Take a share in the file's lock, until `release`. Unavailable while a restore has it alone."""
    descriptor = os.open(_beside(path), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(
            f"`{path}` is being restored", reason="storage.restoring", hint="start again when the restore has ended"
        ) from error
    return descriptor


def release(descriptor: int) -> None:
    """Give the share back."""
    os.close(descriptor)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock with nobody else. Unavailable when a process has the database open."""
    descriptor = os.open(_beside(path), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise in_use(path) from error
        yield
    finally:
        os.close(descriptor)


def in_use(path: Path) -> Unavailable:
    """Why a restore is refused."""
    return Unavailable(f"`{path}` is in use", reason="storage.in_use", hint="stop every process that has it open")


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".lock")
