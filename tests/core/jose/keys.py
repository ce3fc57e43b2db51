"""Keys for tests, made once a run: RSA is slow to make."""

from __future__ import annotations

import functools

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from doorward.core.jose.algorithms import Algorithm
from doorward.core.jose.signing import PrivateKey, private_key


@functools.cache
def made(algorithm: Algorithm, number: int = 0) -> PrivateKey:
    """The same key for the same algorithm and number."""
    if algorithm == "ES256":
        return private_key(ec.generate_private_key(ec.SECP256R1()), algorithm)
    if algorithm == "EdDSA":
        return private_key(ed25519.Ed25519PrivateKey.generate(), algorithm)
    return private_key(rsa.generate_private_key(65537, 2048), algorithm)
