"""How long an account waits, who counts as one sender, and what a verdict changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.errors import Throttled, Unauthenticated
from doorward.core.instant import DAY, Instant, Seconds, after
from doorward.core.outcome import Event
from doorward.core.settings import Settings
from doorward.core.table import Add, Delete, Expect, Put, Swap
from doorward.domain.accounts.records import User
from doorward.domain.credentials import rules
from doorward.domain.credentials.records import ATTEMPTS, PASSWORDS, Attempts, Password

NOW = Instant(1_800_000_000_000_000)
S = Settings()
ANN = User("usr_1", "ann", "ann")
PASSWORD = Password("usr_1", "$argon2id$x", NOW)
KEYS = rules.counter_keys("ann", "192.0.2.1")


def standing(
    account: Attempts | None = None,
    address: Attempts | None = None,
    known: Attempts | None = None,
    *,
    user: User | None = ANN,
    password: Password | None = PASSWORD,
    sender: str = "192.0.2.1",
) -> rules.Standing:
    keys = rules.counter_keys("ann", sender)
    return rules.Standing(user, password, "user:usr_1", *keys, account, address, known)


def row(key: str, count: int, blocked: int = 0, expires: int = 900) -> Attempts:
    return Attempts(key, count, after(NOW, Seconds(blocked)), after(NOW, Seconds(expires)), version=7)


def test_counters_are_apart() -> None:
    assert len({*rules.counter_keys("ann", "192.0.2.1"), *rules.counter_keys("ben", "192.0.2.2")}) == 6
    assert rules.counter_keys("a", "b")[2] != rules.counter_keys("ab", "")[2]


@pytest.mark.parametrize(
    "count, seconds",
    [
        (1, 0),
        (9, 0),
        (10, 30),
        (11, 60),
        (12, 120),
        (14, 480),
        (15, 900),
        (40, 900),
        (99, 900),
        (100, DAY),
        (5000, DAY),
    ],
)
@pytest.mark.spec("nist-800-63b#3.2.2.1")
def test_the_wait_doubles_up_to_a_cap(count: int, seconds: int) -> None:
    assert rules.wait_after(count, S) == seconds


def test_a_first_attempt_begins_both_counters() -> None:
    outcome = rules.reserve(standing(), NOW, S)
    account, address = outcome.changes
    assert outcome.error is None
    assert isinstance(account, Add)
    assert isinstance(address, Add)
    assert account.record == Attempts(KEYS[0], 1, NOW, after(NOW, rules.REMEMBERED))
    assert address.record == Attempts(KEYS[1], 1, NOW, after(NOW, S.attempts_window))


def test_a_further_attempt_counts_both_up() -> None:
    outcome = rules.reserve(standing(row(KEYS[0], 9), row(KEYS[1], 3)), NOW, S)
    account, address = outcome.changes
    assert isinstance(account, Swap)
    assert isinstance(address, Swap)
    assert (account.new.count, account.new.blocked_until) == (10, after(NOW, Seconds(30)))
    assert (address.new.count, address.new.expires) == (4, after(NOW, Seconds(900)))


def test_from_a_known_network_the_accounts_wait_does_not_count() -> None:
    outcome = rules.reserve(standing(row(KEYS[0], 50, blocked=600), None, row(KEYS[2], 2)), NOW, S)
    ours, _ = outcome.changes
    assert isinstance(ours, Swap)
    assert (ours.new.key, ours.new.count) == (KEYS[2], 3)


@pytest.mark.spec("nist-800-63b#3.2.2.1")
@pytest.mark.parametrize(
    "counters, seconds",
    [
        ({"account": row(KEYS[0], 11, blocked=42)}, 42),
        ({"known": row(KEYS[2], 11, blocked=42)}, 42),
        ({"address": row(KEYS[1], 50, expires=100)}, 100),
        ({"address": row(KEYS[1], 50, expires=100), "account": row(KEYS[0], 11, blocked=300)}, 300),
        ({"account": replace(row(KEYS[0], 11), blocked_until=Instant(NOW + 1))}, 1),
    ],
)
def test_who_must_wait_is_told_how_long_and_recorded(counters: dict[str, Attempts], seconds: int) -> None:
    outcome = rules.reserve(standing(**counters), NOW, S)
    assert isinstance(outcome.error, Throttled)
    assert (outcome.error.retry_after, outcome.error.reason) == (seconds, "sign_in.throttled")
    [event] = outcome.changes
    assert isinstance(event, Event)
    assert (event.action, event.outcome, event.reason) == ("sign_in.refuse", "refused", "sign_in.throttled")


def test_a_wait_that_is_over_is_over() -> None:
    assert rules.reserve(standing(row(KEYS[0], 11, blocked=0)), NOW, S).error is None
    assert rules.reserve(standing(address=row(KEYS[1], 49)), NOW, S).error is None


@pytest.mark.parametrize(
    "now_is, holds",
    [
        (standing(), False),
        (standing(user=None, password=None), True),
        (standing(password=None), True),
        (standing(user=replace(ANN, status="disabled")), True),
        (standing(password=replace(PASSWORD, hash="$argon2id$new", version=2)), True),
    ],
)
def test_every_cause_has_the_same_refusal(now_is: rules.Standing, holds: bool) -> None:
    outcome = rules.settle(now_is, PASSWORD, holds=holds, rehashed=None, now=NOW)
    assert isinstance(outcome.error, Unauthenticated)
    assert outcome.reply is None
    assert (outcome.error.description, outcome.error.reason) == (
        "the username or the password is wrong",
        "sign_in.refused",
    )
    [event] = outcome.changes
    assert event == Event("sign_in.refuse", "user:usr_1", "refused", "sign_in.refused")


def test_a_right_password_clears_the_account_and_gives_back_what_it_reserved() -> None:
    outcome = rules.settle(standing(row(KEYS[0], 4), row(KEYS[1], 4)), PASSWORD, holds=True, rehashed=None, now=NOW)
    user, cleared, password, address, known = outcome.changes
    assert outcome.reply == ANN
    assert isinstance(user, Expect)
    assert cleared == Delete(ATTEMPTS, (KEYS[0],))
    assert password == Expect(PASSWORDS, PASSWORD)
    assert isinstance(address, Swap)
    assert address.new.count == 3
    assert isinstance(known, Put)
    assert (known.record.key, known.record.count, known.record.version) == (KEYS[2], 0, 1)


def test_a_known_network_starts_afresh() -> None:
    outcome = rules.settle(
        standing(None, None, row(KEYS[2], 5)), PASSWORD, holds=True, rehashed="$argon2id$better", now=NOW
    )
    _, _, password, known = outcome.changes
    assert isinstance(password, Swap)
    assert password.new.hash == "$argon2id$better"
    assert isinstance(known, Put)
    assert (known.record.count, known.record.version) == (0, 8)


def test_nobody_is_known_from_an_unknown_network() -> None:
    outcome = rules.settle(standing(sender=""), PASSWORD, holds=True, rehashed=None, now=NOW)
    assert not any(isinstance(change, Put) for change in outcome.changes)


def test_a_counter_is_never_below_nothing() -> None:
    outcome = rules.settle(standing(None, row(KEYS[1], 0)), PASSWORD, holds=True, rehashed=None, now=NOW)
    address = outcome.changes[3]
    assert isinstance(address, Swap)
    assert address.new.count == 0


def test_a_first_and_a_further_password() -> None:
    first = rules.new_password(ANN, None, "h", NOW)
    assert isinstance(first.changes[0], Expect)
    assert first.changes[1] == Add(PASSWORDS, Password("usr_1", "h", NOW))
    further = rules.new_password(ANN, PASSWORD, "h", NOW).changes[1]
    assert isinstance(further, Swap)
    assert (further.new.hash, further.new.version) == ("h", 2)
    assert rules.enrolled(ANN, "h", NOW).changes[2] == Add(PASSWORDS, Password("usr_1", "h", NOW))
