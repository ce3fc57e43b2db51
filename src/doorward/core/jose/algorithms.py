"""The signature algorithms that doorward takes and makes: asymmetric ones only. RFC 7518 §3, RFC 8037 §3.1.

RFC 8725 §3.2: no `none`, no MAC with a key that others know, no RSA encryption padding. `EdDSA` is with Ed25519.
"""

from __future__ import annotations

from typing import Literal, get_args

Algorithm = Literal["ES256", "RS256", "PS256", "EdDSA"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
