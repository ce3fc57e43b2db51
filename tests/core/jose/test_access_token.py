"""An access token says what it was issued for, and is read only by its issuer's rules, in its time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from doorward.core.errors import InvalidToken
from doorward.core.instant import Instant, Seconds, after, from_unix
from doorward.core.jose.access_token import LEEWAY, AccessToken, access_claims, read_access_token
from doorward.core.jose.keys import key_set
from doorward.core.jose.signing import sign
from tests.core.jose.keys import made

NOW = from_unix(1_800_000_000)
ISSUER, API = "https://auth.example", "https://api.example"
KEYS = [made("ES256").jwk]


def claims(**change: Any) -> dict[str, Any]:
    made_of = access_claims(
        issuer=ISSUER, subject="usr_1", audience=(API,), client_id="app", scope=("invoice:read", "openid"), jti="tok_1",
        now=NOW, lifetime=Seconds(600), auth_time=Instant(NOW - 1), acr="urn:x", amr=("pwd",), family="fam_1",
        session="ses_1", organization="acme",
    )  # fmt: skip
    both = {**msgspec.json.decode(msgspec.json.encode(made_of)), **change}
    return {name: value for name, value in both.items() if value is not ...}


def read(said: dict[str, Any], *, typ: str = "at+jwt", now: Instant = NOW, audience: str | None = API) -> AccessToken:
    token = sign({"typ": typ}, said, made("ES256"))
    return read_access_token(token, key_set(KEYS), issuer=ISSUER, audience=audience, now=now)


def refused(said: dict[str, Any], **how: Any) -> InvalidToken:
    with pytest.raises(InvalidToken) as caught:
        read(said, **how)
    return caught.value


def test_all_that_was_said_is_read() -> None:
    assert read(claims()) == AccessToken(
        issuer=ISSUER, subject="usr_1", audience=(API,), client_id="app", scope=("invoice:read", "openid"), issued=NOW,
        expires=after(NOW, Seconds(600)), jti="tok_1", auth_time=from_unix(1_799_999_999), acr="urn:x", amr=("pwd",),
        family="fam_1", session="ses_1", organization="acme",
    )  # fmt: skip
    assert read(claims()).principal == "user:usr_1"
    assert read(claims(sub="svc_1")).principal == "service_account:svc_1"


def test_little_is_said_of_a_service() -> None:
    plain = access_claims(issuer=ISSUER, subject="svc_1", audience=(API, "https://b.example"), client_id="app",
                          scope=(), jti="tok_1", now=NOW, lifetime=Seconds(60))  # fmt: skip
    said = msgspec.json.decode(msgspec.json.encode(plain))
    assert said == {"iss": ISSUER, "sub": "svc_1", "aud": [API, "https://b.example"], "client_id": "app",
                    "iat": 1_800_000_000, "exp": 1_800_000_060, "jti": "tok_1"}  # fmt: skip
    token = read(said)
    assert (token.scope, token.family, token.auth_time, token.audience) == ((), None, None, (API, "https://b.example"))


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt"])
def test_both_spellings_of_the_kind_are_read(typ: str) -> None:
    assert read(claims(), typ=typ).jti == "tok_1"


@pytest.mark.parametrize(
    "typ", ["JWT", "", "AT+JWT", "application/AT+JWT", "at+jwt ", "application/application/at+jwt"]
)
def test_another_kind_is_refused(typ: str) -> None:
    assert refused(claims(), typ=typ).reason == "credential.invalid"


@pytest.mark.spec("rfc9068#2.2")
@pytest.mark.parametrize("name", ["iss", "sub", "aud", "client_id", "iat", "exp", "jti"])
@pytest.mark.parametrize("value", [..., None, True, [1], {"a": 1}, 1.5])
def test_a_required_claim_that_is_missing_or_of_another_type_is_refused(name: str, value: object) -> None:
    assert refused(claims(**{name: value})).reason == "credential.invalid"


@pytest.mark.parametrize("change", [{"exp": "1900000000"}, {"sub": 7}, {"scope": ["a"]}, {"amr": "pwd"}, {"nbf": "0"},
                                    {"exp": 1e300}, {"fam": 1}, {"org_id": ["acme"]}])  # fmt: skip
def test_a_claim_of_another_type_is_refused(change: dict[str, Any]) -> None:
    assert "claim" in refused(claims(**change)).description


@pytest.mark.spec("rfc9068#4.2")
@pytest.mark.parametrize(
    "other", ["https://auth.example/", "https://auth.example.evil", "https://auth", "HTTPS://auth.example", ""]
)
def test_another_issuers_token_is_refused(other: str) -> None:
    assert "issuer" in refused(claims(iss=other)).description


def test_without_an_issuer_of_its_own_a_verifier_takes_nothing() -> None:
    token = sign({"typ": "at+jwt"}, claims(iss=""), made("ES256"))
    with pytest.raises(InvalidToken, match="issuer"):
        read_access_token(token, key_set(KEYS), issuer="", audience=API, now=NOW)


@pytest.mark.spec("rfc9068#4.3")
@pytest.mark.parametrize("aud", ["https://api.example/", "https://api.example.evil", "https://api", "https://API.example",
                                 "", [], ["https://b.example"], ["https://api.example/v1", "x"]])  # fmt: skip
def test_a_token_for_another_audience_is_refused(aud: str | list[str]) -> None:
    assert "audience" in refused(claims(aud=aud)).description
    assert read(claims(aud=aud), audience=None).jti == "tok_1"


def test_one_of_several_audiences_is_enough_and_an_empty_one_never() -> None:
    assert read(claims(aud=["https://b.example", API])).audience == ("https://b.example", API)
    assert "audience" in refused(claims(), audience="").description


@pytest.mark.spec("rfc9068#4.8")
@pytest.mark.spec("rfc7519#4.1.4")
def test_a_token_ends_exactly_at_exp() -> None:
    end = after(NOW, Seconds(600))
    assert read(claims(), now=Instant(end - 1)).jti == "tok_1"
    for late in (end, Instant(end + 1), after(end, Seconds(10**9))):
        assert refused(claims(), now=late).reason == "token.expired"
    assert refused(claims(exp=0)).reason == "token.expired"
    assert refused(claims(exp=-1)).reason == "token.expired"


@pytest.mark.spec("rfc7519#4.1.5")
def test_a_token_is_not_read_before_nbf() -> None:
    start = 1_800_000_100
    assert "not valid yet" in refused(claims(nbf=start)).description
    assert read(claims(nbf=start), now=from_unix(start - LEEWAY)).jti == "tok_1"


def test_a_token_from_the_future_is_refused_beyond_the_leeway() -> None:
    assert read(claims(iat=1_800_000_000 + LEEWAY)).jti == "tok_1"
    assert "future" in refused(claims(iat=1_800_000_001 + LEEWAY)).description
