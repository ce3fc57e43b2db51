"""PKCE: the example of RFC 7636 appendix B, and everything that is not it."""

from __future__ import annotations

import pytest

from doorward.core.errors import InvalidGrant, InvalidRequest
from doorward.core.oauth import pkce

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_example_of_the_standard() -> None:
    assert pkce.challenge(VERIFIER) == CHALLENGE
    pkce.demand({"code_challenge": CHALLENGE, "code_challenge_method": "S256"})
    pkce.verify(CHALLENGE, VERIFIER)


@pytest.mark.spec("rfc9700#2.1.1")
def test_no_challenge_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        pkce.demand({"code_challenge_method": "S256"})
    assert refused.value.reason == "pkce.missing"


@pytest.mark.spec("rfc7636#4.4.1")
@pytest.mark.parametrize("method", [None, "", "plain", "s256", "S512"])
def test_only_s256(method: str | None) -> None:
    given = {"code_challenge": CHALLENGE} | ({} if method is None else {"code_challenge_method": method})
    with pytest.raises(InvalidRequest) as refused:
        pkce.demand(given)
    assert refused.value.reason == "pkce.method"


@pytest.mark.spec("rfc7636#4.2")
@pytest.mark.parametrize("challenge", ["", CHALLENGE[:-1], CHALLENGE + "A", CHALLENGE[:-1] + "=", CHALLENGE + "\n"])
def test_a_malformed_challenge(challenge: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        pkce.demand({"code_challenge": challenge, "code_challenge_method": "S256"})
    assert refused.value.reason == "pkce.malformed"


@pytest.mark.spec("rfc7636#4.1")
@pytest.mark.parametrize("verifier", [None, "", "a" * 42, "a" * 129, VERIFIER + "\n", VERIFIER[:-1] + "é"])
def test_a_malformed_verifier(verifier: str | None) -> None:
    with pytest.raises(InvalidGrant) as refused:
        pkce.verify(CHALLENGE, verifier)
    assert refused.value.reason == "pkce.verifier_malformed"


@pytest.mark.spec("rfc7636#4.6")
def test_another_verifier() -> None:
    for verifier in (VERIFIER[:-1] + "l", CHALLENGE):
        with pytest.raises(InvalidGrant) as refused:
            pkce.verify(CHALLENGE, verifier)
        assert refused.value.reason == "pkce.mismatch"
