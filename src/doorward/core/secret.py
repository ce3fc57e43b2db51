"""Random identifiers and bearer secrets: how they are spelled, checked and stored.

Ids are time-ordered (`usr_01K…`): 48 bits of milliseconds and 80 random bits in Crockford's base 32. Secrets carry a
prefix by which a scanner can know them and a checksum by which a typo is told without a look-up; only their SHA-256
is stored (they have 256 random bits, so a slow hash would add nothing).
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import zlib
from base64 import urlsafe_b64encode

from doorward.core.instant import Instant

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = 6
_PAIRS = [left + right for left in _BASE32 for right in _BASE32]


def new_id(prefix: str, now: Instant, random: bytes) -> str:
    """`prefix_` and 26 characters that sort by time. `random` is 10 bytes. Does NOT make a secret."""
    n, p = int.from_bytes(random[:10], "big"), _PAIRS
    return (
        f"{prefix}_{_moment(now // 1000)}{p[n >> 70]}{p[n >> 60 & 1023]}{p[n >> 50 & 1023]}{p[n >> 40 & 1023]}"
        f"{p[n >> 30 & 1023]}{p[n >> 20 & 1023]}{p[n >> 10 & 1023]}{p[n & 1023]}"
    )


def id_after(id: str) -> str:
    """The id that sorts next after this one: for records whose order must not hang on the clock."""
    prefix, _, body = id.rpartition("_")
    number = 1
    for character in body:
        number = number << 5 | _BASE32.index(character)
    number += 1
    return f"{prefix}_" + "".join(_BASE32[number >> shift & 31] for shift in range(5 * len(body) - 5, -1, -5))


def new_secret(prefix: str, random: bytes) -> str:
    """`prefix_` + base 62 of `random` (32 bytes) + 6 characters of checksum."""
    body = prefix + "_" + _base62(int.from_bytes(random, "big"), 43)
    return body + _checksum(body)


def well_formed(secret: str, prefix: str) -> bool:
    """Whether the secret has this prefix, length and checksum. Does NOT say that it exists."""
    if not secret.startswith(prefix + "_") or len(secret) != len(prefix) + 1 + 43 + _CHECK or not secret.isascii():
        return False
    return hmac.compare_digest(_checksum(secret[:-_CHECK]), secret[-_CHECK:])


def digest(secret: str) -> str:
    """What is stored of a high-entropy secret: SHA-256, base64url without padding. Does NOT suit passwords."""
    return urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()).rstrip(b"=").decode()


def same(left: str, right: str) -> bool:
    """Equality in time that does not depend on where the two differ."""
    return hmac.compare_digest(left.encode(), right.encode())


@functools.lru_cache(maxsize=4)
def _moment(milliseconds: int) -> str:
    """The time in an id; one and the same for all that is made in a millisecond."""
    return "".join([_PAIRS[milliseconds >> shift & 1023] for shift in range(40, -1, -10)])


def _base62(number: int, width: int) -> str:
    out = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        out = _BASE62[rest] + out
    return out


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK)
