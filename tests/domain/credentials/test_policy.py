"""What a password may be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

from doorward.core.errors import Invalid
from doorward.core.settings import Settings
from doorward.domain.credentials import policy

S = Settings()
CONTEXT = ("Bartholomew", "bartholomew", "Bartholomew Montgomery", "bart@example.com", "doorward")


def refused(password: str, context: tuple[str, ...] = CONTEXT) -> Invalid:
    with pytest.raises(Invalid) as caught:
        policy.acceptable(password, S, context)
    assert password not in caught.value.description + caught.value.hint or not password
    return caught.value


@pytest.mark.spec("nist-800-63b#3.1.1.2.1")
def test_the_shortest_password_has_fifteen_characters() -> None:
    password = "vq#8 Lm2 wz!9 Tx"
    assert policy.acceptable(password[:15], S, CONTEXT) == password[:15]
    assert refused(password[:14]).reason == "password.short"
    assert policy.acceptable(password[:12], replace(S, password_min_length=8), CONTEXT) == password[:12]


@pytest.mark.spec("nist-800-63b#3.1.1.2.2")
def test_long_passwords_are_taken_whole() -> None:
    words = "seven hungry otters juggle teal lanterns under a crooked bridge at dawn while rain falls up "
    assert len(words) > 64
    assert policy.acceptable(words + "x" * (256 - len(words)), S, CONTEXT).endswith("x")
    assert refused(words + "x" * (257 - len(words))).reason == "password.long"
    assert refused("🦆" * 1_000_000).reason == "password.long"


@pytest.mark.spec("nist-800-63b#3.1.1.2.3")
@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "ножницы бумага камень утюг",
        "seventeen tiny umbrellas",
        "🦆🦩🐙🦔🦭🦑🐡🦐🦞🐢🦎🐍🐊🦖🦕",
        "  leading and trailing  ",
    ],
)
def test_any_kind_of_character_will_do(password: str) -> None:
    assert policy.acceptable(password, S, CONTEXT) == password


@pytest.mark.spec("nist-800-63b#3.1.1.2.4")
def test_no_mixture_of_characters_is_demanded() -> None:
    assert policy.acceptable("otterlanternbridgemuffin", S, CONTEXT)


@pytest.mark.spec("nist-800-63b#3.1.1.2.5")
@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "password1234567",
        "123456789012345",
        "qwertyuiopasdfg",
        "aaaaaaaaaaaaaaaaaaaa",
        "bartholomew1987",
        "Bartholomew Montgomery",
        "bart@example.com",
        "doorwarddoorward",
        "letmeinletmeinletmein",
        "a" * 200,
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    error = refused(password)
    assert error.reason == "password.common"
    assert error.hint


def test_the_words_of_the_context_count() -> None:
    assert policy.acceptable("xqvzwk-rt-0192-aa", S, ())
    assert refused("xqvzwk-rt-0192-aa", ("xqvzwk-rt-0192-a", "")).reason == "password.common"


@pytest.mark.spec("rfc8265#4.2.2")
def test_spellings_of_one_password_are_one() -> None:
    composed, apart = "crème brûlée at seven", "cre\u0300me bru\u0302le\u0301e\u00a0at\u3000seven"
    assert policy.prepared(composed, S) == policy.prepared(apart, S) == composed
    assert policy.prepared("Case Matters", S) != policy.prepared("case matters", S)


@pytest.mark.parametrize("password", ["", "a\x00b" * 9, "tab\there and then some", "\ud800" * 20])
def test_control_characters_are_no_password(password: str) -> None:
    assert policy.prepared(password, S) is None
    assert refused(password).reason == "password.characters"


def test_the_overlong_are_not_even_prepared() -> None:
    assert policy.prepared("x" * 257, S) is None
    assert policy.prepared("x" * 10_000_000, S) is None
    assert refused("\x00" * 300).reason == "password.long"


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("4@8({[<369!1|70$5+%2as"), max_size=policy.ZXCVBN_LIMIT))
@example("9.0b@sr{+!+$332a19</7.9w{.14a05%537143w7{13w6/c00[1728c30/(a9a-db|{d1</%")
def test_signs_are_read_in_few_ways(password: str) -> None:
    """Whatever zxcvbn is given, it has READINGS readings of it at most: its time grows with their number."""
    given = policy._legible(password)
    assert len(given) == len(password)
    assert len(list(enumerate_l33t_subs(relevant_l33t_subtable(given, L33T_TABLE)))) <= policy.READINGS


@pytest.mark.parametrize("password", ["p4$$w0rdp4$$w0rd", "p4$$w0rd12345678", "b4rth0l0m3w1987", "l3tm31nl3tm31n12"])
def test_a_word_in_signs_is_still_read(password: str) -> None:
    assert policy._legible(password) == password
    assert refused(password).reason == "password.common"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_whatever_comes_is_accepted_or_refused_by_name(password: str) -> None:
    try:
        accepted = policy.acceptable(password, S, CONTEXT)
    except Invalid as error:
        reason = error.reason
    else:
        reason = "accepted"
        assert policy.prepared(password, S) == accepted
        assert S.password_min_length <= len(accepted) <= S.password_max_length
    assert reason in {"accepted", "password.short", "password.long", "password.common", "password.characters"}
