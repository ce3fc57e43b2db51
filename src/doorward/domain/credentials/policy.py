"""What a password may be. NIST SP 800-63B-4 §3.1.1.2: length and a blocklist, nothing about its composition.

A password is compared in its RFC 8265 §4 form (`OpaqueString`): NFC, every kind of space the ordinary one, case kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from doorward.core.errors import Invalid
from doorward.core.settings import Settings

ZXCVBN_LIMIT = 72
"""zxcvbn raises above so many characters; the score of a prefix is a lower bound of the whole's."""
LEAST_SCORE = 3
"""zxcvbn's scale of 0 to 4: 3 is more than 10^8 guesses."""
READINGS = 32
"""In how many ways zxcvbn may read a password's digits and signs as letters (`$`: s; `1`: i or l). It tries them all,
and there can be a thousand: seconds of work that anybody with an account could ask for again and again."""
_LETTERS = ("4@", "({[<", "69", "1!|", "1|71|", "$5", "+77")
"""What may stand for one letter, where that is more than one sign: the rest multiplies nothing. A sign that an earlier
letter has too is there twice, as zxcvbn then tries both."""
_NO_LETTER = "~"
_WIDEST = 4
"""How many code points may normalise to one, generously: what is longer is refused before it is looked at."""


def prepared(password: str, settings: Settings) -> str | None:
    """The password in the form that is hashed, or None when no password can look like this.

    None for the empty, the overlong and what holds control characters. RFC 8265 §4.2.
    """
    from precis_i18n import get_profile

    if len(password) > settings.password_max_length * _WIDEST:
        return None
    try:
        text: str = get_profile("OpaqueString").enforce(password)  # rfc8265#4.2.2 nist-800-63b#3.1.1.2.3
    except UnicodeEncodeError:
        return None
    return text if len(text) <= settings.password_max_length else None  # nist-800-63b#3.1.1.2.2


def acceptable(password: str, settings: Settings, context: Sequence[str]) -> str:
    """The prepared password, or Invalid saying what is wrong with it and how to do better.

    `context` is what a guesser would try first: username, address, name of the service. Reasons `password.characters`,
    `password.short`, `password.long`, `password.common`. Does NOT ask for digits, capitals or signs, which NIST
    forbids, and does NOT ask a service on the network for leaked passwords.
    """
    if len(password) > settings.password_max_length * _WIDEST:
        raise _too_long(settings)
    text = prepared(password, settings)
    if text is None:
        if len(password) > settings.password_max_length:
            raise _too_long(settings)
        raise Invalid(
            "`password` is empty or has characters that not every keyboard sends alike", reason="password.characters"
        )
    if len(text) < settings.password_min_length:  # nist-800-63b#3.1.1.2.1
        raise Invalid(
            f"`password` is shorter than {settings.password_min_length} characters",
            reason="password.short",
            hint="a few unrelated words are easy to remember and hard to guess",
        )
    warning = _easily_guessed(text, context)
    if warning is not None:  # nist-800-63b#3.1.1.2.5
        raise Invalid(
            "`password` is too easy to guess",
            reason="password.common",
            hint=warning or "use a few unrelated words, none of them your name or this site's",
        )
    return text  # nist-800-63b#3.1.1.2.4


def _easily_guessed(password: str, context: Sequence[str]) -> str | None:
    from zxcvbn import zxcvbn

    words = [word for word in context if word]
    result = zxcvbn(_legible(password[:ZXCVBN_LIMIT]), user_inputs=words)
    if result["score"] >= LEAST_SCORE:
        return None
    return str(result["feedback"]["warning"]).rstrip(".")


def _legible(password: str) -> str:
    """The password with the signs that would make more than READINGS of it put out of zxcvbn's sight.

    The first ones are kept, and no word that people write in signs has so many: only noise is scored as other noise.
    """
    read = ""
    for sign in dict.fromkeys(password):
        if any(sign in signs for signs in _LETTERS):
            if prod(max(1, sum(one in read + sign for one in signs)) for signs in _LETTERS) <= READINGS:
                read += sign
            else:
                password = password.replace(sign, _NO_LETTER)
    return password


def _too_long(settings: Settings) -> Invalid:
    return Invalid(f"`password` is longer than {settings.password_max_length} characters", reason="password.long")
