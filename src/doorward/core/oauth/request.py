"""What the token endpoint hands to a grant, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doorward.core.oauth.client import Client


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An authenticated client's request: its parameters, each given once. RFC 6749 §3.2."""

    client: Client
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TokenReply:
    """A successful answer. RFC 6749 §5.1."""

    body: Mapping[str, object]
