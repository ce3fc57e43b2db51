"""The server key: AES-256-GCM for what must come back, HMAC-SHA256 for what is only recognised.

A sealed value is `1 | key id (4) | nonce (12) | ciphertext and tag`. Every use has its own key, derived by HKDF-SHA256
from the server key, so that none can stand in for another. The place (table, row, column) is associated data.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from doorward.core.errors import Misconfigured, Unavailable

_FORMAT = b"\x01"
_ID = 4
_NONCE = 12
_HEAD = 1 + _ID + _NONCE
_TAG = 16


class AesKeyring:
    """Seals under `key` (32 bytes); opens also what one of `previous` sealed, so that a key is changed without outage.

    Misconfigured when a key is not 32 bytes. Does NOT recognise MACs of previous keys: what they protect (forms under
    way) is started again.
    """

    def __init__(self, key: bytes, *previous: bytes) -> None:
        for candidate in (key, *previous):
            if len(candidate) != 32:
                raise Misconfigured(
                    "the server key is not 32 bytes", reason="server_key.length", hint="`doorward init` writes one"
                )
        self._keys = {_derive(candidate, b"id")[:_ID]: candidate for candidate in (*previous, key)}
        self._key = key
        self._id = _derive(key, b"id")[:_ID]
        self._ciphers: dict[tuple[bytes, str], AESGCM] = {}
        self._macs: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"AesKeyring({len(self._keys)} keys)"

    def seal(self, plain: bytes, place: tuple[str, str, str]) -> bytes:
        """Encrypt under the current key, for this (table, row, column) only."""
        head = _FORMAT + self._id + os.urandom(_NONCE)
        return head + self._cipher(self._id, place[0]).encrypt(head[-_NONCE:], plain, _bound(head, place))

    def open(self, sealed: bytes, place: tuple[str, str, str]) -> bytes:
        """What was sealed here. Unavailable when the key is unknown, the place another, or the value changed."""
        key_id = sealed[1 : 1 + _ID]
        if sealed[:1] != _FORMAT or len(sealed) < _HEAD + _TAG or key_id not in self._keys:
            raise Unavailable(
                f"a sealed value of `{place[0]}` is of no key that is loaded",
                reason="server_key.unknown",
                hint="set DOORWARD_SECRET_KEY to the key that this database was used with",
            )
        head, body = sealed[:_HEAD], sealed[_HEAD:]
        try:
            return self._cipher(key_id, place[0]).decrypt(head[-_NONCE:], body, _bound(head, place))
        except InvalidTag:
            raise Unavailable(f"a sealed value of `{place[0]}` was changed", reason="sealed.changed") from None

    def stale(self, sealed: bytes) -> bool:
        """Whether it was sealed under a key other than the current one, and should be sealed anew."""
        return sealed[1 : 1 + _ID] != self._id

    def mac(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA256 under a key for this purpose alone, 32 bytes."""
        key = self._macs.get(purpose)
        if key is None:
            key = self._macs[purpose] = _derive(self._key, b"mac:" + purpose.encode())
        return hmac.digest(key, message, hashlib.sha256)

    def _cipher(self, key_id: bytes, table: str) -> AESGCM:
        cipher = self._ciphers.get((key_id, table))
        if cipher is None:
            key = _derive(self._keys[key_id], b"seal:" + table.encode())
            cipher = self._ciphers[key_id, table] = AESGCM(key)
        return cipher


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"doorward " + purpose).derive(key)


def _bound(head: bytes, place: tuple[str, str, str]) -> bytes:
    """Header and place as associated data; lengths first, so that no two places read the same."""
    parts = [part.encode() for part in place]
    return head + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
