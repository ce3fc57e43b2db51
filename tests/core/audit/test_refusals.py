"""Which refusals go on the record, and that the others are counted: by sender, for the minutes that are over."""

from __future__ import annotations

from doorward.core.audit import Caller
from doorward.core.audit.refusals import ALL, EACH, OTHERS, SENDERS, Refusals
from doorward.core.instant import Instant, Seconds, after

NOW = Instant(1_700_000_000_000_000)


def at(seconds: int) -> Instant:
    return after(NOW, Seconds(seconds))


def admitted(refusals: Refusals, sender: str, times: int, now: Instant = NOW) -> int:
    return sum(refusals.admit(sender, now) for _ in range(times))


def test_each_sender_has_so_many_a_minute() -> None:
    refusals = Refusals()
    assert admitted(refusals, "network:a", 1000) == EACH
    assert admitted(refusals, "network:b", 1) == 1
    assert admitted(refusals, "network:a", 10, at(59)) == 0
    assert admitted(refusals, "network:a", 1000, at(60)) == EACH


def test_all_of_them_have_so_many_together() -> None:
    refusals = Refusals()
    assert sum(admitted(refusals, f"network:{number}", 1) for number in range(5 * ALL)) == ALL
    assert sum(admitted(refusals, f"network:{number}", 1, at(60)) for number in range(5 * ALL)) == ALL


def test_what_was_left_out_is_told_once_when_the_minute_is_over() -> None:
    refusals = Refusals()
    admitted(refusals, "network:a", EACH + 5)
    admitted(refusals, "network:b", EACH)
    assert refusals.left_out(at(59)) == {}
    assert refusals.left_out(at(60)) == {"network:a": 5}
    assert refusals.left_out(at(60)) == {}
    admitted(refusals, "network:a", EACH + 7, at(61))
    admitted(refusals, "network:a", EACH + 2, at(130))
    assert refusals.left_out(at(131)) == {"network:a": 7}
    assert refusals.left_out(at(131), closing=True) == {"network:a": 2}
    assert refusals.left_out(at(131), closing=True) == {}


def test_minutes_that_nobody_asked_about_add_up() -> None:
    refusals = Refusals()
    for minute in range(3):
        admitted(refusals, "network:a", EACH + 1, at(60 * minute))
    assert refusals.left_out(at(180)) == {"network:a": 3}


def test_many_senders_are_counted_together() -> None:
    refusals = Refusals()
    for number in range(ALL):
        admitted(refusals, f"network:{number}", 1)
    for number in range(10 * SENDERS):
        assert not refusals.admit(f"elsewhere:{number}", NOW)
    told = refusals.left_out(at(60))
    assert len(told) == SENDERS + 1
    assert told[OTHERS] == 9 * SENDERS
    assert sum(told.values()) == 10 * SENDERS


def test_a_clock_that_is_set_back_begins_a_new_minute() -> None:
    refusals = Refusals()
    admitted(refusals, "network:a", EACH)
    assert admitted(refusals, "network:a", 1, at(-3600)) == 1


def test_who_counts_together() -> None:
    assert Caller(address="192.0.2.7").sender == "network:192.0.2.7"
    assert Caller(address="2001:db8:1:2:3::4").sender == "network:2001:db8:1:2::/64"
    assert Caller().sender == "network:unknown"
    assert Caller(actor="user:usr_1", address="192.0.2.7").sender == "user:usr_1"
