"""A JWK becomes a key only when it is public, strong, for signatures, and for one algorithm of ours."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from doorward.core.errors import Invalid
from doorward.core.jose.algorithms import ALGORITHMS, Algorithm
from doorward.core.jose.encoding import encode
from doorward.core.jose.keys import key_set, public_jwk, public_key, thumbprint
from tests.core.jose.keys import made


def refused(jwk: dict[str, Any], algorithm: Algorithm | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        public_key(jwk, algorithm)
    assert caught.value.reason == "jwk.invalid"
    return caught.value.description


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_comes_back_from_its_jwk(algorithm: Algorithm) -> None:
    key = made(algorithm)
    read = public_key(key.jwk)
    assert (read.kid, read.algorithm, public_jwk(read.material, algorithm)) == (key.kid, algorithm, key.jwk)
    assert read.verify(b"message", key.sign(b"message"))
    assert not read.verify(b"massage", key.sign(b"message"))
    assert not read.verify(b"message", b"")


@pytest.mark.spec("rfc7638#3")
def test_the_thumbprint_is_the_one_of_the_standard() -> None:
    jwk = {  # RFC 7638 §3.1
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
        "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
        "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
        "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert thumbprint(made("EdDSA").jwk) == made("EdDSA").kid


@pytest.mark.parametrize("secret", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_key_with_a_secret_is_no_public_key(secret: str) -> None:
    assert "secret" in refused({**made("ES256").jwk, secret: "AQ"})


@pytest.mark.parametrize("alg", ["none", "HS256", "ES512", "ES521", "RS1", "RSA1_5", "", 1, None, ["ES256"], "es256"])
def test_an_algorithm_that_is_not_ours_is_refused(alg: object) -> None:
    assert "alg" in refused({**made("ES256").jwk, "alg": alg})


def test_a_symmetric_key_is_refused() -> None:
    assert "alg" in refused({"kty": "oct", "k": "AAAA", "kid": "1"})


@pytest.mark.parametrize(
    "change", [{"kty": "RSA"}, {"crv": "P-384"}, {"crv": None}, {"alg": "EdDSA"}, {"alg": "RS256"}]
)
def test_type_curve_and_algorithm_must_fit(change: dict[str, Any]) -> None:
    assert "fit" in refused({**made("ES256").jwk, **change})


@pytest.mark.spec("rfc7517#4.2")
@pytest.mark.parametrize("use", ["enc", "", None, "SIG"])
def test_a_key_for_another_use_is_refused(use: str | None) -> None:
    assert "use" in refused({**made("ES256").jwk, "use": use})


@pytest.mark.spec("rfc7517#4.3")
@pytest.mark.parametrize("operations", [[], ["encrypt"], ["sign"], "verify", None, ["verif"]])
def test_a_key_for_other_operations_is_refused(operations: object) -> None:
    assert "key_ops" in refused({**made("ES256").jwk, "key_ops": operations})
    public_key({**made("ES256").jwk, "key_ops": ["sign", "verify"]})


@pytest.mark.parametrize("kid", ["", None, "k" * 129])
def test_a_key_needs_a_bounded_id(kid: str | None) -> None:
    jwk = {**made("ES256").jwk, "kid": kid}
    assert "kid" in refused({name: value for name, value in jwk.items() if value is not None})


def test_without_alg_only_a_curve_says_it() -> None:
    without = {name: {k: v for k, v in made(name).jwk.items() if k != "alg"} for name in ALGORITHMS}
    assert public_key(without["ES256"]).algorithm == "ES256"
    assert public_key(without["EdDSA"]).algorithm == "EdDSA"
    assert "alg" in refused(without["RS256"])
    assert public_key(without["RS256"], "PS256").algorithm == "PS256"
    assert "expected" in refused(made("RS256").jwk, "PS256")


@pytest.mark.parametrize(
    "change", [{"x": None}, {"x": 1}, {"x": "?"}, {"x": "AQ"}, {"y": encode(b"\1" * 32)}, {"x": ""}]
)
def test_a_point_that_is_malformed_or_off_the_curve_is_refused(change: dict[str, Any]) -> None:
    assert "numbers" in refused({**made("ES256").jwk, **change})
    if "x" in change:
        assert "numbers" in refused({**made("EdDSA").jwk, **change})
    jwk = made("ES256").jwk
    del jwk["y"]
    assert "numbers" in refused(jwk)


@pytest.mark.spec("rfc7518#6.2.1.2")
def test_a_coordinate_has_its_full_length() -> None:
    jwk = made("ES256").jwk
    jwk["x"] = encode(b"\0" + public_bytes(jwk["x"]))
    assert "numbers" in refused(jwk)


def public_bytes(text: str) -> bytes:
    from doorward.core.jose.encoding import decode

    return decode(text)


@pytest.mark.spec("rfc7518#3.3")
@pytest.mark.parametrize("bits", [1024, 2040, 8200])
def test_an_rsa_key_of_another_size_is_refused(bits: int) -> None:
    jwk = {**made("RS256").jwk, "n": encode(((1 << bits) - 1).to_bytes((bits + 7) // 8, "big"))}
    assert "2048" in refused(jwk)


@pytest.mark.parametrize("exponent", [3, 17])
def test_a_small_exponent_is_refused(exponent: int) -> None:
    assert "exponent" in refused({**made("RS256").jwk, "e": encode(bytes([exponent]))})


@pytest.mark.parametrize("exponent", [b"\1", b"\2", b""])
def test_an_impossible_exponent_is_refused(exponent: bytes) -> None:
    refused({**made("RS256").jwk, "e": encode(exponent)})


def test_a_modulus_of_the_flawed_generator_is_refused() -> None:
    """Such primes are k·M + 65537^a mod M, M the product of the first primes: CVE-2017-15361."""
    product = 1
    for prime in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
                  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167):  # fmt: skip
        product *= prime
    p, q = (pow(65537, power, product) + product * ((1 << 1024) // product + power) for power in (5, 11))
    modulus = p * q
    assert "ROCA" in refused(
        {**made("RS256").jwk, "n": encode(modulus.to_bytes((modulus.bit_length() + 7) // 8, "big"))}
    )


def test_a_set_has_each_id_once() -> None:
    es, rs = made("ES256").jwk, made("RS256").jwk
    found = key_set([es, rs])
    assert found.get(es["kid"]) is not None
    assert found.get(es["kid"] + "x") is None
    with pytest.raises(Invalid, match="same `kid`"):
        key_set([es, {**rs, "kid": es["kid"]}])


@pytest.mark.spec("rfc7518#3.4")
def test_an_es256_signature_of_another_length_is_refused() -> None:
    key = made("ES256")
    signature = key.sign(b"m")
    while signature[0] or not key.public.verify(b"m", signature):  # one whose r begins with a zero byte
        signature = key.sign(b"m")
    assert not key.public.verify(b"m", signature + b"\0")
    assert not key.public.verify(b"m", signature[1:])
    assert not key.public.verify(b"m", signature[:32] + b"\0" + signature[32:])


def test_es256_numbers_out_of_range_are_refused() -> None:
    key = made("ES256").public
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for r in (0, 1, order - 1, order):
        for s in (0, 1, order - 1, order):
            assert not key.verify(b"m", r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def test_rs256_and_ps256_are_not_mixed_up() -> None:
    material = made("RS256").material
    assert isinstance(material, rsa.RSAPrivateKey)
    assert isinstance(made("ES256").material, ec.EllipticCurvePrivateKey)
    from doorward.core.jose.signing import private_key

    pkcs, pss = private_key(material, "RS256"), private_key(material, "PS256")
    assert not pkcs.public.verify(b"m", pss.sign(b"m"))
    assert not pss.public.verify(b"m", pkcs.sign(b"m"))
