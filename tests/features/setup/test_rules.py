"""The setup code: its spelling, its end, and how often it may be guessed."""

from __future__ import annotations

import re

import pytest

from doorward.core.errors import Throttled
from doorward.core.instant import Instant, after
from doorward.core.meta import INITIALISED, META, Meta
from doorward.core.settings import Settings
from doorward.core.table import Add, Put, Swap
from doorward.features.setup import rules
from doorward.features.setup.records import SetupCode

NOW = Instant(1_000_000_000)
SETTINGS = Settings()
DONE = Meta(INITIALISED, "user:usr_1")


def opened(code: str = "abc-123-xyz") -> SetupCode:
    change = rules.opened(None, code, NOW, SETTINGS).changes[0]
    assert isinstance(change, Put)
    record = change.record
    assert isinstance(record, SetupCode)
    return record


def test_a_code_can_be_read_out() -> None:
    assert re.fullmatch(r"[0-9a-z]{3}-[0-9a-z]{3}-[0-9a-z]{3}", rules.new_code(bytes(range(6))))
    assert rules.new_code(b"\xff" * 6) != rules.new_code(b"\x00" * 6)
    assert not set("ilou") & set(rules.new_code(bytes(range(250, 256))))


@pytest.mark.parametrize("typed", ["abc-123-xyz", "ABC123XYZ", " abc 123 xyz ", "abc-i23-xyz", "abc-l23-xyz"])
def test_a_code_is_known_however_it_is_typed(typed: str) -> None:
    assert rules.tried(None, opened(), typed, NOW).error is None


def test_only_the_digest_is_kept() -> None:
    assert "abc" not in opened().digest
    assert opened().expires == after(NOW, SETTINGS.setup_code_lifetime)


def test_once_there_was_an_administrator_it_does_not_open() -> None:
    outcome = rules.opened(DONE, "abc-123-xyz", NOW, SETTINGS)
    assert outcome.reply is None
    assert not outcome.changes
    refused = rules.tried(DONE, opened(), "abc-123-xyz", NOW)
    assert refused.error is not None
    assert refused.error.reason == "setup.closed"


def test_a_code_that_ended() -> None:
    error = rules.tried(None, None, "abc-123-xyz", NOW).error
    assert error is not None
    assert error.reason == "code.ended"


def test_wrong_codes_are_counted_and_then_slowed() -> None:
    row = opened()
    for number in range(1, rules.FREE_ATTEMPTS + 1):
        outcome = rules.tried(None, row, "abc-123-xyy", NOW)
        assert outcome.error is not None
        assert outcome.error.reason == "code.wrong"
        change = outcome.changes[0]
        assert isinstance(change, Swap)
        row = change.new
        assert row.attempts == number
    assert isinstance(rules.tried(None, row, "abc-123-xyz", NOW).error, Throttled)
    assert rules.tried(None, row, "abc-123-xyz", after(NOW, rules.WAIT)).error is None


def test_closing_adds_the_permanent_row() -> None:
    change = rules.closing("user:usr_1")[0]
    assert isinstance(change, Add)
    assert change.table is META
