"""Keys as the standards write them: JWK (RFC 7517) to a key that verifies, and back; thumbprints (RFC 7638).

One key has one algorithm, fixed when it is read and never taken from a token: RFC 8725 §3.1. Only asymmetric
algorithms exist here, so a public key can't become the secret of a MAC.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from doorward.core.errors import Invalid
from doorward.core.jose.algorithms import ALGORITHMS, Algorithm
from doorward.core.jose.encoding import decode, encode

PublicMaterial: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

KID_LIMIT = 128
RSA_MIN_BITS, RSA_MAX_BITS, RSA_MIN_EXPONENT = 2048, 8192, 65537
_KTY = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}
_CRV = {"ES256": "P-256", "EdDSA": "Ed25519"}
_REQUIRED = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

ECDSA_SHA256 = ec.ECDSA(hashes.SHA256())
PSS_SHA256 = padding.PSS(padding.MGF1(hashes.SHA256()), 32)  # salt as long as the hash: RFC 7518 §3.5


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies signatures of one algorithm."""

    kid: str
    algorithm: Algorithm
    material: PublicMaterial

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's over `message`. ES256 is r and s, 32 bytes each: RFC 7518 §3.4."""
        key = self.material
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                if len(signature) != 64:
                    return False  # rfc7518#3.4
                r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
                key.verify(encode_dss_signature(r, s), message, ECDSA_SHA256)
            elif isinstance(key, rsa.RSAPublicKey):
                scheme = PSS_SHA256 if self.algorithm == "PS256" else padding.PKCS1v15()
                key.verify(signature, message, scheme, hashes.SHA256())
            else:
                key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys a verifier trusts, by `kid`. Made by `key_set`."""

    keys: Mapping[str, PublicKey]

    def get(self, kid: str) -> PublicKey | None:
        """The key of this id, compared whole."""
        return self.keys.get(kid)


def key_set(jwks: Iterable[Mapping[str, Any]]) -> KeySet:
    """The set of these public JWKs. Invalid when one is, or two have the same `kid`. RFC 7517 §4.5, §5."""
    keys = [public_key(jwk) for jwk in jwks]
    found = {key.kid: key for key in keys}
    _demand(len(found) == len(keys), "two keys have the same `kid`")
    return KeySet(found)


def public_key(jwk: Mapping[str, Any], algorithm: Algorithm | None = None) -> PublicKey:
    """The verifying key of a public JWK. RFC 7517 §4, RFC 7518 §6, RFC 8037 §2.

    `algorithm` is used where the JWK has no `alg`; without both, only a curve's own is assumed, never RSA's.
    Invalid (`jwk.invalid`) for private or symmetric keys, other uses, weak RSA, points off the curve.
    Does NOT fetch or check certificates (`x5u`, `x5c`).
    """
    alg, kid = jwk.get("alg", algorithm or _assumed(jwk)), str(jwk.get("kid", ""))
    _demand(isinstance(alg, str) and alg in ALGORITHMS, "`alg` is not one that doorward takes")
    _demand(algorithm in (None, alg), "`alg` is not the one expected")
    _demand(0 < len(kid) <= KID_LIMIT, f"`kid` must be 1 to {KID_LIMIT} characters")
    _demand(not _PRIVATE & jwk.keys(), "a public key was expected, this one holds a secret")
    _demand(jwk.get("kty") == _KTY[alg] and jwk.get("crv") == _CRV.get(alg), "`kty` and `crv` do not fit `alg`")
    _demand(jwk.get("use", "sig") == "sig", "`use` must be `sig`")  # rfc7517#4.2
    operations = jwk.get("key_ops", ["verify"])
    _demand(isinstance(operations, list) and "verify" in operations, "`key_ops` must hold `verify`")  # rfc7517#4.3
    try:
        material = _material(jwk)
    except (KeyError, ValueError, AttributeError, UnsupportedAlgorithm) as error:
        raise Invalid("the key's numbers are malformed or not on its curve", reason="jwk.invalid") from error
    if isinstance(material, rsa.RSAPublicKey):
        _demand_strong(material.public_numbers())
    return PublicKey(kid, alg, material)


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """SHA-256 over the required members in order of their names, base64url. RFC 7638 §3."""
    required = {name: jwk[name] for name in _REQUIRED[jwk["kty"]]}  # rfc7638#3
    return encode(hashlib.sha256(msgspec.json.encode(required)).digest())


def public_jwk(material: PublicMaterial, algorithm: Algorithm) -> dict[str, Any]:
    """The JWK of a public key, with `alg`, `use` and its thumbprint as `kid`. RFC 7517 §4."""
    jwk: dict[str, Any] = {"kty": _KTY[algorithm], "use": "sig", "alg": algorithm}
    if isinstance(material, ec.EllipticCurvePublicKey):
        point = material.public_numbers()
        jwk |= {"crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}
    elif isinstance(material, rsa.RSAPublicKey):
        numbers = material.public_numbers()
        jwk |= {"n": _number(numbers.n), "e": _number(numbers.e)}
    else:
        jwk |= {"crv": "Ed25519", "x": encode(material.public_bytes_raw())}
    return jwk | {"kid": thumbprint(jwk)}


def _assumed(jwk: Mapping[str, Any]) -> Algorithm | None:
    return {"P-256": "ES256", "Ed25519": "EdDSA"}.get(str(jwk.get("crv")))  # type: ignore[return-value]  # both are Algorithms


def _material(jwk: Mapping[str, Any]) -> PublicMaterial:
    if jwk["kty"] == "RSA":
        n, e = (int.from_bytes(decode(jwk[name]), "big") for name in ("n", "e"))
        return rsa.RSAPublicNumbers(e, n).public_key()
    x = decode(jwk["x"])
    if jwk["kty"] == "OKP":
        return ed25519.Ed25519PublicKey.from_public_bytes(x)
    y = decode(jwk["y"])
    if (len(x), len(y)) != (32, 32):
        raise ValueError("a coordinate of P-256 is 32 bytes")  # rfc7518#6.2.1.2
    return ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
    ).public_key()  # refuses points off the curve: RFC 8725 §3.4


def _demand_strong(numbers: rsa.RSAPublicNumbers) -> None:
    bits = numbers.n.bit_length()
    _demand(RSA_MIN_BITS <= bits <= RSA_MAX_BITS, "an RSA key needs 2048 to 8192 bits")  # rfc7518#3.3
    _demand(numbers.e >= RSA_MIN_EXPONENT, "an RSA exponent below 65537 is too small")
    _demand(not all(numbers.n % prime in rest for prime, rest in _roca()), "this RSA key can be factored (ROCA)")


@functools.cache
def _roca() -> tuple[tuple[int, frozenset[int]], ...]:
    """The remainders of moduli made by the flawed generator of CVE-2017-15361: powers of 65537 modulo small primes."""
    primes = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
    return tuple((prime, frozenset(pow(65537, power, prime) for power in range(prime))) for prime in primes)


def _number(value: int, length: int | None = None) -> str:
    return encode(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def _demand(holds: bool, description: str) -> None:
    if not holds:
        raise Invalid(description, reason="jwk.invalid")
