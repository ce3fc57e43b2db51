"""What keeps a token alive: each thing it hangs on, taken away alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from doorward.core.errors import InvalidToken
from doorward.core.instant import Instant, Seconds, after
from doorward.core.jose.access_token import AccessToken
from doorward.core.oauth.client import Client
from doorward.core.outcome import Event
from doorward.core.table import Delete, Put
from doorward.domain.accounts.records import ServiceAccount, User
from doorward.domain.sessions.records import Session
from doorward.domain.tokens.records import Family, RevokedToken
from doorward.domain.tokens.rules import REMEMBERED, Standing, alive, end_family, family, revoke, until

NOW = Instant(1_000_000_000)
END = after(NOW, Seconds(600))
TOKEN = AccessToken(
    issuer="https://auth.example", subject="usr_1", audience=("https://api.example",), client_id="app", scope=(),
    issued=NOW, expires=END, jti="tok_1", family="fam_1", session="ses_1",
)  # fmt: skip
FAMILY = Family("fam_1", "usr_1", "app", ("openid",), "https://api.example", NOW, END, session="ses_1")
SESSION = Session("ses_1", "digest", "usr_1", NOW, NOW, END, END, NOW, "urn:x", ("pwd",))
USER, CLIENT = User("usr_1", "ann", "ann"), Client("app", "App")
ALL = Standing(None, FAMILY, SESSION, USER, CLIENT)


def ended(token: AccessToken = TOKEN, **change: Any) -> str:
    with pytest.raises(InvalidToken) as caught:
        alive(token, replace(ALL, **change))
    return caught.value.reason


def test_all_stands_and_it_is_alive() -> None:
    assert alive(TOKEN, ALL) is TOKEN
    alone = replace(TOKEN, family=None, session=None)
    assert alive(alone, replace(ALL, family=None, session=None)) is alone
    offline = replace(ALL, family=replace(FAMILY, session=None), session=None)
    assert alive(TOKEN, offline) is TOKEN
    service = replace(alone, subject="svc_1")
    assert alive(service, replace(ALL, subject=ServiceAccount("svc_1", "s", "s"))) is service


@pytest.mark.parametrize("earliest", ["token", "family", "session", "alone"])
def test_it_ends_with_the_first_of_what_it_hangs_on(earliest: str) -> None:
    soon = after(NOW, Seconds(1))
    rows = {"token": TOKEN, "family": FAMILY, "session": SESSION}
    if earliest == "alone":
        assert until(replace(TOKEN, family=None), replace(ALL, session=replace(SESSION, expires=soon))) == END
        return
    rows[earliest] = replace(rows[earliest], expires=soon)  # type: ignore[type-var]  # each is a dataclass
    token, family_row, session = rows["token"], rows["family"], rows["session"]
    assert until(token, replace(ALL, family=family_row, session=session)) == soon  # type: ignore[arg-type]  # as above


def test_offline_it_does_not_end_with_the_session() -> None:
    assert until(TOKEN, replace(ALL, family=replace(FAMILY, session=None), session=None)) == END


def test_a_token_of_before_the_last_restore_is_dead() -> None:
    assert ended(valid_from=after(NOW, Seconds(1))) == "credential.revoked"
    assert alive(TOKEN, replace(ALL, valid_from=NOW)) is TOKEN


@pytest.mark.spec("rfc7009#2.1.2")
def test_a_revoked_token_is_dead() -> None:
    assert ended(revoked=RevokedToken("tok_1", END)) == "credential.revoked"


@pytest.mark.parametrize(
    "change",
    [
        {"family": None},
        {"family": replace(FAMILY, id="fam_2")},
        {"family": replace(FAMILY, user="usr_2")},
        {"family": replace(FAMILY, client="other")},
        {"session": None},
        {"session": replace(SESSION, user="usr_2")},
        {"client": None},
        {"client": replace(CLIENT, status="disabled")},
    ],
)
def test_each_thing_it_hangs_on_ends_it_alone(change: dict[str, Any]) -> None:
    assert ended(**change) == "credential.revoked"


@pytest.mark.parametrize("subject", [None, replace(USER, status="disabled")])
def test_without_its_active_subject_it_is_dead(subject: User | None) -> None:
    assert ended(subject=subject) == "user.inactive"


def test_a_client_ends_its_own_token() -> None:
    put, event = revoke(TOKEN, CLIENT).changes
    assert isinstance(put, Put)
    assert put.record == RevokedToken("tok_1", after(END, REMEMBERED))
    assert isinstance(event, Event)
    assert (event.action, event.target, event.data) == ("token.revoke", "client:app", {"token": "tok_1"})


@pytest.mark.spec("rfc7009#2.1")
@pytest.mark.parametrize("token", [None, replace(TOKEN, client_id="other"), replace(TOKEN, client_id="APP")])
def test_what_is_not_its_own_is_left_and_looks_the_same(token: AccessToken | None) -> None:
    outcome = revoke(token, CLIENT)
    assert (outcome.changes, outcome.reply, outcome.error) == ((), None, None)


def test_a_family_is_opened_and_ended() -> None:
    opened = family(
        id="fam_1", user="usr_1", client="app", scope=("openid",), audience="https://api.example", now=NOW,
        lifetime=Seconds(600), session="ses_1", organization="acme", code="digest",
    )  # fmt: skip
    assert opened == replace(FAMILY, organization="acme", code="digest")
    delete, event = end_family(opened, "code.reused")
    assert isinstance(delete, Delete)
    assert delete.key == ("fam_1",)
    assert isinstance(event, Event)
    assert (event.action, event.target, event.reason) == ("family.end", "family:fam_1", "code.reused")
