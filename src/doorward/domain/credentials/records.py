"""Passwords, and how often they were guessed."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.instant import Instant
from doorward.core.table import Table


@dataclass(frozen=True, slots=True)
class Password:
    """A user's password as an argon2id PHC string."""

    user: str
    hash: str
    changed: Instant
    version: int = 1


PASSWORDS = Table("passwords", Password, key=("user",), versioned=True)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Wrong guesses against one thing: `account:<digest of the canonical name, or of its MAC>` or `address:<network>`.

    `count` includes attempts under way: an attempt is counted before the password is looked at.
    """

    key: str
    count: int
    blocked_until: Instant
    expires: Instant
    version: int = 1


ATTEMPTS = Table("attempts", Attempts, key=("key",), expires="expires", versioned=True)
