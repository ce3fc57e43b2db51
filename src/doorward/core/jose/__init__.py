"""JSON Object Signing: keys, signing, and a verification that leaves the token no choice."""

from doorward.core.jose.keys import (
    ALGORITHMS,
    Algorithm,
    KeySet,
    PublicKey,
    key_set,
    public_jwk,
    public_key,
    thumbprint,
)
from doorward.core.jose.signing import PrivateKey, compact, private_key, sign, signing_input
from doorward.core.jose.verification import TOKEN_LIMIT, key_id, verify, verify_jws

__all__ = [
    "ALGORITHMS",
    "TOKEN_LIMIT",
    "Algorithm",
    "KeySet",
    "PrivateKey",
    "PublicKey",
    "compact",
    "key_id",
    "key_set",
    "private_key",
    "public_jwk",
    "public_key",
    "sign",
    "signing_input",
    "thumbprint",
    "verify",
    "verify_jws",
]
