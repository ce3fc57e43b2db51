"""Documents that caches may keep. Pure."""

from __future__ import annotations

import hashlib

from doorward.core.jose.encoding import encode


def entity_tag(body: bytes) -> str:
    """A strong ETag of these bytes. RFC 9110 §8.8.3."""
    return f'"{encode(hashlib.sha256(body).digest()[:15])}"'


def unchanged(entity_tag: str, if_none_match: str | None) -> bool:
    """Whether the client has this very document. RFC 9110 §13.1.2."""
    known = [] if if_none_match is None else [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return entity_tag in known or "*" in known
