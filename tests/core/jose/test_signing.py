"""What we sign verifies by our own hand and by a library nobody here wrote."""

from __future__ import annotations

import json

import pytest
from joserfc import jws
from joserfc.jwk import import_key

from doorward.core.jose.algorithms import ALGORITHMS, Algorithm
from doorward.core.jose.keys import key_set
from doorward.core.jose.signing import compact, sign, signing_input
from doorward.core.jose.verification import verify, verify_jws
from tests.core.jose.keys import made


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_round_trips_by_every_algorithm(algorithm: Algorithm) -> None:
    key = made(algorithm)
    token = sign({"typ": "at+jwt"}, {"sub": "usr_1"}, key)
    assert verify(token, key_set([key.jwk]), typ={"at+jwt"}) == {"sub": "usr_1"}
    message = signing_input(algorithm, key.kid, "at+jwt", {"sub": "usr_1"})
    assert verify(compact(message, key.sign(message)), key_set([key.jwk]), typ={"at+jwt"}) == {"sub": "usr_1"}


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")  # the name that deployed clients know
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_another_library_reads_ours_and_we_read_its(algorithm: Algorithm) -> None:
    key = made(algorithm)
    names = ["ES256", "RS256", "PS256", "EdDSA"]
    theirs = import_key(key.jwk)
    assert json.loads(jws.deserialize_compact(sign({}, {"a": 1}, key), theirs, algorithms=names).payload) == {"a": 1}
    assert theirs.thumbprint() == key.kid


def test_an_es256_signature_is_64_bytes() -> None:
    key = made("ES256")
    assert {len(key.sign(b"%d" % n)) for n in range(300)} == {64}
    assert verify_jws(sign({}, {}, key), key_set([key.jwk])).payload == b"{}"


def test_a_private_key_shows_no_secret() -> None:
    key = made("ES256")
    assert "d" not in key.jwk
    assert key.public.kid == key.kid
    assert str(key.material.private_numbers().private_value) not in repr(key)  # type: ignore[union-attr]  # EC by ES256
