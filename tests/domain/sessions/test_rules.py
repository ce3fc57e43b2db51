"""How long a session lives and what its beginning and end change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.audit import Caller
from doorward.core.errors import Forbidden
from doorward.core.instant import DAY, HOUR, Instant, Seconds, after
from doorward.core.outcome import Event
from doorward.core.secret import digest
from doorward.core.settings import Settings
from doorward.core.table import Add, Delete, Expect, Swap
from doorward.domain.accounts.records import USERS, User
from doorward.domain.sessions import rules
from doorward.domain.sessions.records import SESSIONS, Session

NOW = Instant(1_800_000_000_000_000)
S = Settings()
ANN = User("usr_1", "ann", "ann")


def begin(user: User = ANN, replaces: str | None = None, settings: Settings = S) -> tuple[Session | None, object]:
    outcome = rules.start(
        user,
        id="ses_1",
        secret="dws_secret",
        acr="urn:x",
        amr=("pwd",),
        replaces=replaces,
        caller=Caller(address="192.0.2.1", agent="A" * 500),
        now=NOW,
        settings=settings,
    )
    return outcome.reply, outcome


def session() -> Session:
    started, _ = begin()
    assert started is not None
    return started


def test_a_session_is_kept_without_its_secret() -> None:
    started = session()
    assert started.digest == digest("dws_secret")
    assert "dws_secret" not in repr(started)
    assert (started.address, started.agent) == ("192.0.2.1", "A" * 200)
    assert (started.auth_time, started.acr, started.amr) == (NOW, "urn:x", ("pwd",))
    assert started.expires == after(NOW, Seconds(2 * HOUR))
    assert started.ends == after(NOW, Seconds(30 * DAY))


def test_the_one_before_goes_in_the_same_batch() -> None:
    _, outcome = begin(replaces="ses_0")
    seen, add, gone, event = outcome.changes  # type: ignore[attr-defined]  # an Outcome
    assert isinstance(seen, Swap)
    assert seen.new.last_seen == NOW
    assert isinstance(add, Add)
    assert gone == Delete(SESSIONS, ("ses_0",))
    assert event == Event("session.start", "user:usr_1", data={"session": "ses_1", "amr": ["pwd"]})


def test_a_user_seen_just_now_is_only_expected() -> None:
    user = replace(ANN, last_seen=after(NOW, Seconds(-59)))
    _, outcome = begin(user)
    assert outcome.changes[0] == Expect(USERS, user)  # type: ignore[attr-defined]  # an Outcome
    _, outcome = begin(replace(ANN, last_seen=after(NOW, Seconds(-60))))
    assert isinstance(outcome.changes[0], Swap)  # type: ignore[attr-defined]  # an Outcome


def test_a_disabled_user_gets_none() -> None:
    started, outcome = begin(replace(ANN, status="disabled"))
    assert started is None
    assert isinstance(outcome.error, Forbidden)  # type: ignore[attr-defined]  # an Outcome
    assert outcome.error.reason == "user.inactive"  # type: ignore[attr-defined]  # an Outcome


def test_a_lifetime_shorter_than_the_idle_time_wins() -> None:
    started, _ = begin(settings=Settings(session_lifetime=HOUR))
    assert started is not None
    assert started.expires == started.ends == after(NOW, HOUR)


@pytest.mark.parametrize("user", [None, replace(ANN, status="disabled")])
def test_without_an_active_user_there_is_no_session(user: User | None) -> None:
    assert rules.resume(session(), user, NOW, S).reply is None


@pytest.mark.spec("nist-800-63b#5.2.1")
def test_a_session_is_over_when_its_time_has_come() -> None:
    it = session()
    assert rules.resume(it, ANN, Instant(it.expires - 1), S).reply is not None
    assert rules.resume(it, ANN, it.expires, S).reply is None
    longer = replace(it, expires=after(it.ends, HOUR))
    assert rules.resume(longer, ANN, it.ends, S).reply is None


def test_use_is_written_once_a_minute_and_never_beyond_the_end() -> None:
    it = session()
    assert rules.resume(it, ANN, after(NOW, Seconds(59)), S).changes == ()
    [touched] = rules.resume(it, ANN, after(NOW, Seconds(60)), S).changes
    assert isinstance(touched, Swap)
    assert touched.new.expires == after(NOW, Seconds(2 * HOUR + 60))
    late = replace(it, last_seen=after(it.ends, Seconds(-HOUR)), expires=it.ends)
    kept = rules.resume(late, ANN, after(it.ends, Seconds(-60)), S).reply
    assert kept is not None
    assert kept.expires == it.ends


def test_a_short_idle_time_is_written_often_enough() -> None:
    brief = replace(S, session_idle=Seconds(40))
    assert rules.resume(session(), ANN, after(NOW, Seconds(20)), brief).changes != ()


def test_end_deletes_it() -> None:
    gone, event = rules.end(session()).changes
    assert gone == Delete(SESSIONS, ("ses_1",))
    assert event == Event("session.end", "user:usr_1", data={"session": "ses_1"})


def test_only_a_member_switches_the_organization() -> None:
    refused = rules.switch(session(), "acme", member=False)
    assert refused.error is not None
    assert refused.error.reason == "organization.other"
    switched = rules.switch(session(), "acme", member=True).reply
    assert switched is not None
    assert switched.organization == "acme"
    left = rules.switch(switched, None, member=False).reply
    assert left is not None
    assert left.organization is None
