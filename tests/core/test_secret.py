"""Ids that sort by time, and the id that comes next."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.instant import Instant
from doorward.core.secret import id_after, new_id


def test_an_id_is_time_and_randomness_in_base_32() -> None:
    assert new_id("usr", Instant(0), bytes(10)) == "usr_" + "0" * 26
    assert new_id("usr", Instant(1_700_000_000_000_000), b"\xff" * 10) == "usr_01HF7YAT00ZZZZZZZZZZZZZZZZ"


@given(st.integers(0, 2**47 - 1), st.integers(0, 2**47 - 1))
def test_later_ids_sort_later(one: int, two: int) -> None:
    ids = [new_id("x", Instant(at * 1000), os.urandom(10)) for at in sorted({one, two})]
    assert ids == sorted(ids)


@given(st.integers(0, 2**47 - 1), st.binary(min_size=10, max_size=10))
def test_the_next_id_sorts_behind(at: int, random: bytes) -> None:
    id = new_id("mod", Instant(at * 1000), random)
    after = id_after(id)
    assert after > id
    assert len(after) == len(id)


def test_the_next_id_carries() -> None:
    assert id_after("mod_0Z") == "mod_10"
