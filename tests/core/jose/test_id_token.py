"""What an id token tells a client, and what is believed of one that comes back."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from doorward.core.errors import InvalidToken
from doorward.core.instant import Seconds, from_unix
from doorward.core.jose.encoding import encode
from doorward.core.jose.id_token import IdTokenHint, id_claims, read_id_token_hint, token_hash
from doorward.core.jose.keys import key_set
from doorward.core.jose.signing import sign
from tests.core.jose.keys import made

ISSUER = "https://auth.example"
NOW = from_unix(1_800_000_000)


def claims(**more: Any) -> dict[str, Any]:
    return id_claims(issuer=ISSUER, subject="usr_1", client_id="app", now=NOW, lifetime=Seconds(600), **more)


def hint(said: dict[str, Any], *, typ: str = "JWT", issuer: str = ISSUER) -> IdTokenHint:
    return read_id_token_hint(sign({"typ": typ}, said, made("RS256")), key_set([made("RS256").jwk]), issuer=issuer)


def test_the_least_that_is_said() -> None:
    assert claims() == {"iss": ISSUER, "sub": "usr_1", "aud": "app", "iat": 1_800_000_000, "exp": 1_800_000_600}


def test_all_that_can_be_said() -> None:
    said = claims(nonce="n", auth_time=from_unix(7), acr="urn:x", amr=("pwd",), session="ses_1", at_hash="h",
                  audience=("app", "api"), extra={"name": "Ann", "email": None})  # fmt: skip
    assert said == {"iss": ISSUER, "sub": "usr_1", "aud": ["app", "api"], "azp": "app", "iat": 1_800_000_000,
                    "exp": 1_800_000_600, "nonce": "n", "auth_time": 7, "acr": "urn:x", "amr": ["pwd"], "sid": "ses_1",
                    "at_hash": "h", "name": "Ann", "email": None}  # fmt: skip


def test_what_is_said_of_a_person_never_replaces_what_is_said_of_the_sign_in() -> None:
    forged = dict.fromkeys(
        ("iss", "sub", "aud", "azp", "exp", "iat", "nonce", "auth_time", "acr", "amr", "sid", "at_hash")
    )
    assert claims(extra={**forged, "name": "Ann"}) == {**claims(), "name": "Ann"}


def test_the_hash_is_the_left_half() -> None:
    assert token_hash("token", "RS256") == encode(hashlib.sha256(b"token").digest()[:16])
    assert token_hash("token", "EdDSA") == encode(hashlib.sha512(b"token").digest()[:32])


def test_our_own_comes_back_long_after_it_ended() -> None:
    assert hint(claims(session="ses_1")) == IdTokenHint("usr_1", ("app",), "ses_1", from_unix(1_800_000_600))
    assert hint(claims(audience=("api",))).audience == ("app", "api")


@pytest.mark.spec("oidc-core#3.1.2.1.hint")
@pytest.mark.parametrize("other", ["https://auth.example/", "https://evil.example", "", None, 1])
def test_another_issuers_is_refused(other: object) -> None:
    with pytest.raises(InvalidToken, match="issuer"):
        hint({**claims(), "iss": other})


def test_a_verifier_without_an_issuer_takes_none() -> None:
    with pytest.raises(InvalidToken, match="issuer"):
        hint({**claims(), "iss": ""}, issuer="")


@pytest.mark.parametrize("change", [{"sub": None}, {"sub": 1}, {"aud": None}, {"aud": [1]}, {"aud": {}}, {"sid": 1},
                                    {"exp": None}, {"exp": "1"}, {"exp": 1.5}, {"exp": True}])  # fmt: skip
def test_malformed_claims_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken, match="malformed"):
        hint({**claims(), **change})


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "", "jwt"])
def test_an_access_token_is_no_id_token(typ: str) -> None:
    with pytest.raises(InvalidToken, match="kind"):
        hint(claims(), typ=typ)
