"""The two encodings under every JWT, read strictly: base64url of RFC 7515 §2 and JSON without duplicate names.

Lenient readers are how two parties come to see different tokens in the same bytes: a decoder that skips characters, a
parser that lets the last of two equal names win. Both are refused here, once, for everything that is read.
"""

from __future__ import annotations

import json
from binascii import Error, a2b_base64, b2a_base64
from typing import Any

import msgspec

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_PADDING = (b"", b"===", b"==", b"=")


def encode(data: bytes) -> str:
    """Base64url without padding. RFC 7515 §2."""
    return b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def decode(text: str) -> bytes:
    """The bytes that `encode` makes this very text of; ValueError for any other spelling.

    Padding, white space, `+` and `/`, foreign characters and unused bits that are not zero are other spellings.
    RFC 7515 §2 and Appendix C; RFC 4648 §3.5.
    """
    raw = text.encode("ascii")  # a UnicodeEncodeError is a ValueError
    try:
        data = a2b_base64(raw.translate(_FROM_URL) + _PADDING[len(raw) % 4])
    except Error as error:
        raise ValueError("not base64url") from error
    if encode(data) != text:
        raise ValueError("not canonical base64url")  # rfc7515#2
    return data


def json_object(data: bytes) -> dict[str, Any]:
    """The JSON object in these UTF-8 bytes; ValueError unless it is exactly one, with distinct names at every depth.

    msgspec is strict about syntax, numbers and surrogates, but lets the last of two equal names win. What it would
    write back byte for byte has no two, and our own tokens are written so; anything else is read again by the standard
    library, which shows every pair. RFC 8259 §4; RFC 7515 §4; RFC 7519 §4.
    """
    try:
        value = msgspec.json.decode(data)
        if msgspec.json.encode(value) != data:
            _PAIRS.decode(data.decode())
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # callers catch one class for every malformation
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name twice in one JSON object")  # rfc7519#4


_PAIRS = json.JSONDecoder(object_pairs_hook=_distinct)
