"""The server key: what is sealed opens at its place only, whatever is done to it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.adapters import AesKeyring
from doorward.core.errors import Misconfigured, Unavailable

PLACE = ("signing_keys", "k1", "sealed")
OLD, NEW = os.urandom(32), os.urandom(32)


@given(st.binary(max_size=200), st.tuples(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9)))
def test_what_is_sealed_comes_back(plain: bytes, place: tuple[str, str, str]) -> None:
    assert AesKeyring(NEW).open(AesKeyring(NEW).seal(plain, place), place) == plain


def test_it_shows_nothing_and_never_looks_the_same_twice() -> None:
    keyring = AesKeyring(NEW)
    sealed = {keyring.seal(b"the private half", PLACE) for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"private" in one for one in sealed)
    assert NEW.hex() not in repr(keyring)
    assert repr(NEW) not in repr(keyring)


@pytest.mark.parametrize(
    "other",
    [
        ("families", "k1", "sealed"),
        ("signing_keys", "k2", "sealed"),
        ("signing_keys", "k1", "public"),
        ("signing_keys", "k1s", "ealed"),
        ("signing_keysk1", "", "sealed"),
        ("signing_key", "sk1", "sealed"),
    ],
)
def test_it_opens_at_no_other_place(other: tuple[str, str, str]) -> None:
    keyring = AesKeyring(NEW)
    with pytest.raises(Unavailable) as caught:
        keyring.open(keyring.seal(b"x", PLACE), other)
    assert caught.value.reason == "sealed.changed"


def test_a_changed_bit_is_found_wherever_it_is() -> None:
    keyring = AesKeyring(NEW)
    sealed = keyring.seal(b"secret", PLACE)
    for bit in range(len(sealed) * 8):
        forged = bytearray(sealed)
        forged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unavailable):
            keyring.open(bytes(forged), PLACE)
    for length in range(len(sealed)):
        with pytest.raises(Unavailable):
            keyring.open(sealed[:length], PLACE)


def test_a_key_is_changed_without_outage() -> None:
    sealed = AesKeyring(OLD).seal(b"x", PLACE)
    rotated = AesKeyring(NEW, OLD)
    assert rotated.open(sealed, PLACE) == b"x"
    assert rotated.stale(sealed)
    again = rotated.seal(b"x", PLACE)
    assert not rotated.stale(again)
    assert AesKeyring(NEW).open(again, PLACE) == b"x"
    with pytest.raises(Unavailable) as caught:
        AesKeyring(NEW).open(sealed, PLACE)
    assert caught.value.reason == "server_key.unknown"
    assert "DOORWARD_SECRET_KEY" in caught.value.hint


def test_macs_are_of_one_key_and_one_purpose() -> None:
    keyring = AesKeyring(NEW)
    macs = {keyring.mac("form", b"x"), keyring.mac("other", b"x"), keyring.mac("form", b"y")}
    macs.add(AesKeyring(OLD).mac("form", b"x"))
    assert len(macs) == 4
    assert keyring.mac("form", b"x") == AesKeyring(NEW, OLD).mac("form", b"x")
    assert {len(mac) for mac in macs} == {32}


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(Misconfigured) as caught:
        AesKeyring(os.urandom(length))
    assert caught.value.reason == "server_key.length"
    with pytest.raises(Misconfigured):
        AesKeyring(NEW, os.urandom(length))
