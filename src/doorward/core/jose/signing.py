"""Making a compact JWS: RFC 7515 §7.1. By hand, because our own tokens have a fixed shape and are made often.

`signing_input` and `compact` are apart so that a signature may come from elsewhere (a KMS behind `ports.Signer`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from doorward.core.jose.algorithms import Algorithm
from doorward.core.jose.encoding import encode
from doorward.core.jose.keys import ECDSA_SHA256, PSS_SHA256, PublicKey, public_jwk

PrivateMaterial: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs by one algorithm. Its text form shows no secret."""

    kid: str
    algorithm: Algorithm
    material: PrivateMaterial

    def sign(self, message: bytes) -> bytes:
        """The signature as JWS carries it; ES256 as r and s, 32 bytes each. RFC 7518 §3."""
        key = self.material
        if isinstance(key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(key.sign(message, ECDSA_SHA256))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if isinstance(key, rsa.RSAPrivateKey):
            scheme = PSS_SHA256 if self.algorithm == "PS256" else padding.PKCS1v15()
            return key.sign(message, scheme, hashes.SHA256())
        return key.sign(message)

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half."""
        return public_jwk(self.material.public_key(), self.algorithm)

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this one signs."""
        return PublicKey(self.kid, self.algorithm, self.material.public_key())


def private_key(material: PrivateMaterial, algorithm: Algorithm) -> PrivateKey:
    """A signing key whose `kid` is its RFC 7638 thumbprint."""
    return PrivateKey(public_jwk(material.public_key(), algorithm)["kid"], algorithm, material)


def signing_input(algorithm: Algorithm, kid: str, typ: str, claims: object) -> bytes:
    """What is signed: header and claims, encoded and joined. RFC 7515 §5.1.

    `claims` is a mapping or a msgspec Struct. `typ` keeps kinds of token apart: RFC 8725 §3.11.
    """
    return _header(algorithm, kid, typ) + encode(msgspec.json.encode(claims)).encode()


def compact(signing_input: bytes, signature: bytes) -> str:
    """The finished token. RFC 7515 §7.1."""
    return f"{signing_input.decode()}.{encode(signature)}"


def sign(header: Mapping[str, Any], claims: object, key: PrivateKey) -> str:
    """A compact JWS by a key at hand, `alg` and `kid` being the key's. RFC 7515 §5.1."""
    full = {"alg": key.algorithm, "kid": key.kid, **header}
    message = f"{encode(msgspec.json.encode(full))}.{encode(msgspec.json.encode(claims))}".encode()
    return compact(message, key.sign(message))


@functools.lru_cache(maxsize=64)
def _header(algorithm: Algorithm, kid: str, typ: str) -> bytes:
    return encode(msgspec.json.encode({"alg": algorithm, "kid": kid, "typ": typ})).encode() + b"."
