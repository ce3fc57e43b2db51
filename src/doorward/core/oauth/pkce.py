"""Proof Key for Code Exchange: the code is worth nothing without a secret that only its client has seen. RFC 7636.

Only S256: `plain` shows the secret to whoever reads the request, which is whom it is meant to stop.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from doorward.core.errors import InvalidGrant, InvalidRequest
from doorward.core.secret import same

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier. RFC 7636 §4.2."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def demand(parameters: Mapping[str, str]) -> None:
    """Raises InvalidRequest unless the request carries an S256 challenge. RFC 7636 §4.4.1, RFC 9700 §2.1.1."""
    given = parameters.get("code_challenge")
    if given is None:  # rfc9700#2.1.1
        raise InvalidRequest("`code_challenge` is missing", reason="pkce.missing", hint="send an S256 code_challenge")
    if parameters.get("code_challenge_method") != "S256":  # rfc7636#4.4.1
        raise InvalidRequest("`code_challenge_method` must be `S256`", reason="pkce.method")
    if not _CHALLENGE.fullmatch(given):  # rfc7636#4.2
        raise InvalidRequest("`code_challenge` is not 43 characters of base64url", reason="pkce.malformed")


def verify(issued: str, verifier: str | None) -> None:
    """Raises InvalidGrant unless `verifier` is the secret behind the challenge of the code. RFC 7636 §4.6."""
    if verifier is None or not _VERIFIER.fullmatch(verifier):  # rfc7636#4.1
        raise InvalidGrant("`code_verifier` is missing or malformed", reason="pkce.verifier_malformed")
    if not same(challenge(verifier), issued):  # rfc7636#4.6
        raise InvalidGrant("`code_verifier` does not match", reason="pkce.mismatch")
