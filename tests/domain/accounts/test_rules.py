"""What names may be, and which two are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import Invalid
from doorward.core.instant import Instant
from doorward.core.outcome import Event
from doorward.core.table import Add, Swap
from doorward.domain.accounts import rules
from doorward.domain.accounts.records import User

NOW = Instant(1_000_000)


def ann(**columns: object) -> User:
    user = rules.user_record("usr_1", "Ann", "Ann A.", "ann@example.com", NOW, trust_email=True)
    return user if not columns else type(user)(**{**{f: getattr(user, f) for f in user.__slots__}, **columns})


@pytest.mark.spec("rfc8265#3.3.4")
@pytest.mark.parametrize(
    "typed, key",
    [
        ("Ann", "ann"),
        ("ＡＮＮ", "ann"),
        ("Zoe\u0308", "zoë"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("straße", "straße"),
        ("ann@example.com", "ann@example.com"),
        ("山田太郎", "山田太郎"),
        ("o'neil-7_x", "o'neil-7_x"),
    ],
)
def test_a_username_is_compared_by_its_mapped_spelling(typed: str, key: str) -> None:
    assert rules.username_key(typed) == key


@pytest.mark.spec("rfc8265#3.3.4")
@pytest.mark.parametrize(
    "typed, why",
    [
        ("", "empty"),
        ("ann smith", "spaces"),
        ("ann\u00a0smith", "another spelling"),
        ("ann\tsmith", "control"),
        ("ann\x00", "control"),
        ("an\u200bn", "invisible"),
        ("an\u00adn", "invisible"),
        ("\ufb01sh", "another spelling"),
        ("\u2177", "another spelling"),
        ("ann\u05d0\u0660", "directions"),
        ("☃", "character that names may not have"),
        ("\ud800", "character that names may not have"),
        ("user:ann", "`:`"),
        ("*", "`*`"),
        ("group#member", "`#`"),
        ("usr_01MCC5RM00SBX3FD6154YDAWJ2", "like an id"),
        ("USR_x", "like an id"),
        ("ｕｓｒ_x", "like an id"),
        ("svc_x", "like an id"),
        ("p\u0430ypal", "look alike"),
        ("\u03b1nn", "look alike"),
        ("a" * 129, "longer than 128"),
    ],
)
def test_a_bad_username_is_refused_in_words_that_name_the_field(typed: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.username_key(typed)
    assert refused.value.reason == "username.invalid"
    assert refused.value.description.startswith("`username` ")
    assert why in refused.value.description


@given(st.text(max_size=140))
def test_a_key_is_its_own_key_and_never_ambiguous(typed: str) -> None:
    try:
        key = rules.username_key(typed)
    except Invalid:
        return
    assert rules.username_key(key) == key
    assert not set(key) & set(":*#")
    assert not any(character.isspace() for character in key)
    assert not key.startswith(("usr_", "svc_"))


@pytest.mark.parametrize("typed, key", [("Billing  Worker", "billing worker"), ("ci", "ci"), (" Ci ", "ci")])
def test_a_service_account_may_have_spaces(typed: str, key: str) -> None:
    assert rules.service_account_key(typed) == key


@pytest.mark.parametrize("typed", ["", " ", "a:b", "a*", "a#b", "usr_x", "SVC_x", "a" * 129, "a\x00"])
def test_a_bad_service_account_name_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.service_account_key(typed)
    assert refused.value.reason == "name.invalid"


@pytest.mark.parametrize(
    "typed, address, key",
    [
        ("Ann@EXAMPLE.com", "Ann@example.com", "ann@example.com"),
        ("ü@Exämple.de", "ü@exämple.de", "ü@xn--exmple-cua.de"),
        ("ann+x@example.com", "ann+x@example.com", "ann+x@example.com"),
    ],
)
def test_an_address_has_a_key(typed: str, address: str, key: str) -> None:
    assert rules.email_address(typed) == (address, key)


@pytest.mark.parametrize("typed", ["x", "a b@example.com", "a@", "@example.com", "a@b@c", "a@x\n.com", "a" * 300])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.email_address(typed)
    assert refused.value.reason == "email.invalid"


def test_a_display_name_is_for_people() -> None:
    assert rules.display_name("  Zoe\u0308 Smith ") == "Zoë Smith"
    for bad in ("a\x00b", "a\u202eb", "\ud800", "n" * 201):
        with pytest.raises(Invalid) as refused:
            rules.display_name(bad)
        assert refused.value.reason == "name.invalid"


def test_a_new_user_is_added_and_told_of() -> None:
    user = ann()
    assert (user.username, user.username_key, user.email_verified, user.status) == ("Ann", "ann", True, "active")
    outcome = rules.new_user(user)
    add, event = outcome.changes
    assert isinstance(add, Add)
    assert add.record == outcome.reply == user
    assert isinstance(event, Event)
    assert (event.action, event.target) == ("user.create", "user:usr_1")


def test_an_address_is_unverified_unless_trusted() -> None:
    assert not rules.user_record("usr_1", "ann", "", "a@example.com", NOW, trust_email=False).email_verified
    assert not rules.user_record("usr_1", "ann", "", None, NOW, trust_email=True).email_verified


def test_a_change_of_nothing_changes_nothing() -> None:
    assert rules.changed_user(ann(), name=None, email=None, trust_email=False).changes == ()
    assert rules.changed_user(ann(), name="Ann A.", email="ann@example.com", trust_email=False).changes == ()


def test_a_new_address_loses_what_was_proven_of_the_old() -> None:
    outcome = rules.changed_user(ann(), name=None, email="other@example.com", trust_email=False)
    change, event = outcome.changes
    assert isinstance(change, Swap)
    assert isinstance(event, Event)
    assert (change.new.email_key, change.new.email_verified) == ("other@example.com", False)
    assert event.data == {"fields": ["email"]}
    trusted = rules.changed_user(ann(), name=None, email="other@example.com", trust_email=True).reply
    assert trusted is not None
    assert trusted.email_verified


def test_another_spelling_of_the_same_address_stays_proven() -> None:
    user = rules.changed_user(ann(), name=None, email="ANN@example.com", trust_email=False).reply
    assert user is not None
    assert (user.email, user.email_verified) == ("ANN@example.com", True)


def test_an_address_can_be_removed() -> None:
    user = rules.changed_user(ann(), name="", email="", trust_email=True).reply
    assert user is not None
    assert (user.name, user.email, user.email_key, user.email_verified) == ("", None, None, False)


def test_a_new_service_account() -> None:
    account = rules.new_service_account("svc_1", "Billing  Worker", NOW).reply
    assert account is not None
    assert (account.name_key, account.subject) == ("billing worker", "service_account:svc_1")
