"""Passwords as argon2id (RFC 9106), in a pool of few threads and a bounded queue."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import os
import time as timer
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from doorward.core.errors import Invalid, Unavailable
from doorward.ports import Verified

T = TypeVar("T")

_SALT = 16
_LENGTH = 32


class Argon2Hasher:
    """Hashes at `memory_kib` KiB, `time` passes and `parallelism` lanes; at most `threads` at once.

    The defaults are OWASP's first choice. More than `waiting` requests at once are refused with Unavailable, so that a
    flood of sign-ins cannot pile up without end. Does NOT bound a password's length: the policy does.
    """

    def __init__(
        self,
        threads: int = 2,
        memory_kib: int = 19_456,
        time: int = 2,
        parallelism: int = 1,
        *,
        waiting: int = 256,
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=time, memory_cost=memory_kib, parallelism=parallelism, hash_len=_LENGTH, salt_len=_SALT
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="doorward-argon2")
        self._waiting, self._limit = 0, waiting
        self._dummy = (
            f"$argon2id$v=19$m={memory_kib},t={time},p={parallelism}"
            f"${_base64(os.urandom(_SALT))}${_base64(os.urandom(_LENGTH))}"
        )

    async def hash(self, password: str) -> str:
        """The PHC string to keep. Invalid when the text is not Unicode (a lone surrogate)."""
        try:
            encoded = password.encode()
        except UnicodeEncodeError:
            raise Invalid("the password is not Unicode text", reason="password.encoding") from None
        return await self._run(lambda: self._hasher.hash(encoded))

    async def verify(self, hash: str | None, password: str) -> Verified:
        """Whether it is this password. Without a hash, or with one that can't be read, the same work and no."""
        encoded = password.encode(errors="replace")
        usable = hash is not None and encoded == password.encode(errors="ignore")
        return await self._run(lambda: self._verify(hash if usable else None, encoded))

    def _verify(self, hash: str | None, password: bytes) -> Verified:
        if hash is not None:
            try:
                self._hasher.verify(hash, password)
                return Verified(True, stale=self._hasher.check_needs_rehash(hash))
            except InvalidHashError:
                pass  # costs nothing to find out, so the dummy is computed below
            except Argon2Error:
                return Verified(False)
        with contextlib.suppress(Argon2Error):
            self._hasher.verify(self._dummy, password)
        return Verified(False)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._limit:
            raise Unavailable("too many sign-ins at once", reason="hasher.busy", hint="try again in a moment")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the threads go once they are idle."""
        self._pool.shutdown(wait=False)

    def describe(self) -> dict[str, str | float]:
        """For the doctor: which argon2 this is, its parameters, and how many hashes a second one thread makes.
        Takes a few hash times; blocks."""
        hasher, rounds, started = self._hasher, 3, timer.perf_counter()
        for _ in range(rounds):
            hasher.hash("how fast is this")
        return {
            "implementation": f"argon2-cffi-bindings {importlib.metadata.version('argon2-cffi-bindings')}",
            "parameters": f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}",
            "hashes_per_second": round(rounds / (timer.perf_counter() - started), 1),
        }


def _base64(raw: bytes) -> str:
    return b64encode(raw).rstrip(b"=").decode()
