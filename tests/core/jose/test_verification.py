"""A token is read only in its one spelling, by a key of ours, by that key's algorithm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from doorward.core.errors import InvalidToken
from doorward.core.jose.algorithms import ALGORITHMS, Algorithm
from doorward.core.jose.encoding import encode
from doorward.core.jose.keys import KeySet, key_set
from doorward.core.jose.signing import PrivateKey, sign
from doorward.core.jose.verification import TOKEN_LIMIT, key_id, verify, verify_jws
from tests.core.jose.keys import made

CLAIMS = {"sub": "usr_1"}


def ours() -> KeySet:
    return key_set([made("ES256").jwk, made("RS256").jwk])


def signed(header: dict[str, Any] | str, payload: bytes = b'{"sub":"usr_1"}', key: PrivateKey | None = None) -> str:
    """A token with exactly this header, signed all the same."""
    key = key or made("ES256")
    text = header if isinstance(header, str) else json.dumps(header)
    message = f"{encode(text.encode())}.{encode(payload)}"
    return f"{message}.{encode(key.sign(message.encode()))}"


def refused(token: str, keys: KeySet | None = None) -> str:
    with pytest.raises(InvalidToken) as caught:
        verify(token, keys or ours(), typ={"JWT"})
    assert caught.value.reason == "credential.invalid"
    return caught.value.description


def header(**more: Any) -> dict[str, Any]:
    return {"alg": "ES256", "kid": made("ES256").kid, "typ": "JWT", **more}


def test_a_good_token_is_read() -> None:
    assert verify(signed(header()), ours(), typ={"JWT"}) == CLAIMS
    assert verify(signed(header(cty="x", private=1)), ours(), typ={"at+jwt", "JWT"}) == CLAIMS
    assert verify_jws(signed(header(), b"any \xff bytes"), ours()).payload == b"any \xff bytes"


@pytest.mark.spec("rfc7515#5.2.1")
@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
def test_a_token_has_three_parts(count: int) -> None:
    good = signed(header())
    for parts in ([*good.split("."), "", "AAAA"][:count], (good.split(".") * 2)[:count], [""] * count):
        refused(".".join(parts))


def test_another_spelling_is_refused() -> None:
    good = signed(header())
    for bad in (
        good + "=",
        " " + good,
        good + "\n",
        good.replace(".", " ."),
        good + "é",
        good.replace(".", ".=", 1),
        "",
    ):
        refused(bad)


def test_a_token_longer_than_the_limit_is_refused_unread() -> None:
    fits = signed(header(), json.dumps({**CLAIMS, "pad": "a" * 12_000}).encode())
    assert len(fits) <= TOKEN_LIMIT
    verify(fits, ours(), typ={"JWT"})
    assert "long" in refused(signed(header(), json.dumps({**CLAIMS, "pad": "a" * 12_300}).encode()))


@pytest.mark.spec("rfc7515#5.2.8")
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_signature_by_another_key_is_refused(algorithm: Algorithm) -> None:
    kid, forger = made(algorithm).kid, made(algorithm, 1)
    assert "signature" in refused(signed(header(alg=algorithm, kid=kid), key=forger))
    good = signed(header(alg=algorithm, kid=kid), key=made(algorithm))
    assert "signature" in refused(".".join([*good.split(".")[:2], ""]))


def test_a_key_that_is_not_ours_is_refused() -> None:
    assert "unknown key" in refused(sign({"typ": "JWT"}, CLAIMS, made("ES256", 1)))
    for kid in ("' OR 1=1 --", "../../dev/null", "\0", made("ES256").kid[:-1], made("ES256").kid + "A", "k" * 128):
        assert "unknown key" in refused(signed(header(kid=kid)))
    assert "unknown key" in refused(signed(header()), KeySet({}))


@pytest.mark.parametrize("kid", ["", "k" * 129, None, 1, ["a"], {"a": 1}, True])
def test_an_id_that_is_none_is_refused(kid: object) -> None:
    assert "kid" in refused(signed(header(kid=kid)))


@pytest.mark.spec("rfc8725#3.1")
@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "PS256", "es256", "ES384"]
)
def test_the_algorithm_is_the_keys_and_no_other(alg: str) -> None:
    assert "alg" in refused(signed(header(alg=alg)))


@pytest.mark.parametrize("alg", [None, 1, ["ES256"], {"ES256": 1}])
def test_an_algorithm_that_is_no_string_is_refused(alg: object) -> None:
    assert "strings" in refused(signed(header(alg=alg)))
    without = header()
    del without["alg"]
    assert "strings" in refused(signed(without))


def test_rs256_and_ps256_of_one_key_are_two_keys() -> None:
    pss = PrivateKey(made("RS256").kid, "PS256", made("RS256").material)
    assert "alg" in refused(signed(header(alg="PS256", kid=pss.kid), key=pss))
    assert verify(signed(header(alg="RS256", kid=pss.kid), key=made("RS256")), ours(), typ={"JWT"}) == CLAIMS


@pytest.mark.spec("rfc7515#4.1.11")
@pytest.mark.parametrize("name", ["crit", "b64", "zip", "enc"])
@pytest.mark.parametrize("value", [["exp"], [], ["b64"], None, False, "DEF"])
def test_what_must_be_understood_and_is_not_is_refused(name: str, value: object) -> None:
    assert "not supported" in refused(signed(header(**{name: value})))


@pytest.mark.spec("rfc8725#3.10")
@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_token_that_brings_its_key_is_refused(name: str) -> None:
    attacker = made("ES256", 2)
    values: list[object] = [attacker.jwk, made("ES256").jwk, "https://evil.example/jwks", [], None]
    for value in values:
        assert "bring" in refused(signed(header(**{name: value})))
        assert "bring" in refused(signed(header(**{name: value}), key=attacker))


@pytest.mark.spec("rfc8725#3.11")
@pytest.mark.spec("rfc9068#4.1")
@pytest.mark.parametrize("typ", ["at+jwt", "", "jwt", "JWT ", "application/jwt", "dpop+jwt", "logout+jwt"])
def test_a_token_of_another_kind_is_refused(typ: str) -> None:
    assert "kind" in refused(signed(header(typ=typ)))


def test_a_kind_that_is_no_string_is_refused() -> None:
    for typ in (None, 1, ["JWT"]):
        assert "typ" in refused(signed(header(typ=typ)))
    without = header()
    del without["typ"]
    assert "kind" in refused(signed(without))


def test_a_header_that_is_not_one_strict_object_is_refused() -> None:
    kid = made("ES256").kid
    for text in (
        f'{{"alg":"none","alg":"ES256","kid":"{kid}","typ":"JWT"}}',
        f'{{"alg":"ES256","kid":"x","kid":"{kid}","typ":"JWT"}}',
        "[]", '"ES256"', "", "null", f"[{json.dumps(header())}]", json.dumps(header()) * 2, json.dumps(header())[:-1],
    ):  # fmt: skip
        assert "malformed" in refused(signed(text))
    assert verify(signed(f" {json.dumps(header(), indent=2)}\n"), ours(), typ={"JWT"}) == CLAIMS


@pytest.mark.parametrize("payload", [b"", b"[]", b"1", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":"\xff"}', b"{}{}"])
def test_claims_that_are_not_one_strict_object_are_refused(payload: bytes) -> None:
    assert "claims" in refused(signed(header(), payload))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_id_of_the_key_is_read_before_verifying(algorithm: Algorithm) -> None:
    assert key_id(sign({}, {}, made(algorithm))) == made(algorithm).kid
    for bad in ("", "a.b.c", "..", "AAAA.AAAA.AAAA", signed(header(kid=1)), signed(header()) + "A" * TOKEN_LIMIT):
        assert key_id(bad) is None
