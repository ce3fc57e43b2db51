"""What an API key may be made with, and by which credential."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from doorward.core.instant import DAY, Instant, Seconds, after
from doorward.core.outcome import Event, Outcome
from doorward.core.principal import Principal
from doorward.core.secret import digest
from doorward.core.table import Add, Delete, Expect
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.api_keys import rules
from doorward.domain.api_keys.records import API_KEYS, ApiKey

NOW = Instant(1_800_000_000_000_000)
LATER = after(NOW, DAY)
ANN = User("usr_1", "ann", "ann")
CI = ServiceAccount("svc_1", "ci", "ci")
DECLARED = frozenset({"invoice:read", "invoice:pay", "report:read"})


def make(
    owner: User | ServiceAccount | None = ANN,
    name: str = "laptop",
    scope: tuple[str, ...] | None = None,
    organization: str | None = None,
    expires: Instant | None = LATER,
    by: Principal | None = None,
) -> Outcome[ApiKey]:
    return rules.create(
        owner,
        id="key_1",
        secret="dw_secret",
        name=name,
        scope=scope,
        organization=organization,
        expires=expires,
        declared=DECLARED,
        by=by,
        now=NOW,
    )


def made(outcome: Outcome[ApiKey]) -> ApiKey:
    assert outcome.reply is not None
    return outcome.reply


def reason(outcome: Outcome[ApiKey]) -> str:
    assert outcome.error is not None
    assert outcome.changes == ()
    return outcome.error.reason


def test_a_key_is_kept_without_its_secret() -> None:
    outcome = make(scope=("invoice:pay", "invoice:read", "invoice:pay"))
    key = made(outcome)
    assert (key.digest, key.hint, key.owner) == (digest("dw_secret"), "cret", "user:usr_1")
    assert key.scope == ("invoice:pay", "invoice:read")
    alive, add, event = outcome.changes
    assert alive == Expect(USERS, ANN)
    assert add == Add(API_KEYS, key)
    assert isinstance(event, Event)
    assert "dw_secret" not in repr(event)
    assert make(CI).changes[0] == Expect(SERVICE_ACCOUNTS, CI)


def test_who_is_gone_or_disabled_gets_none() -> None:
    assert isinstance(make(None).error, NotFound)
    assert reason(make(replace(ANN, status="disabled"))) == "user.inactive"
    assert reason(make(replace(CI, status="disabled"))) == "user.inactive"


@pytest.mark.parametrize("scope", [("invoice:delete",), ("invoice:*",), ("invoice:read", ""), ("dw_user:create",)])
def test_only_declared_permissions_can_be_carried(scope: tuple[str, ...]) -> None:
    assert reason(make(scope=scope)) == "scope.unknown"


def test_an_empty_scope_carries_nothing() -> None:
    assert made(make(scope=())).scope == ()
    assert made(make(scope=None)).scope is None


@pytest.mark.parametrize("name", ["", "  ", "n" * 101, "a\x00b", "a\u202eb"])
def test_a_name_is_for_people(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(name=name)
    assert refused.value.reason == "name.invalid"


SESSION = Principal("user:usr_1", "session", organization="acme")
KEY = Principal("user:usr_1", "api_key", scopes=frozenset({"invoice:read", "report:read"}), expires=LATER)
TOKEN = replace(KEY, credential_kind="token", expires=after(NOW, Seconds(600)))


@pytest.mark.parametrize("by", [KEY, TOKEN])
def test_nobody_makes_a_wider_key_than_they_came_with(by: Principal) -> None:
    assert made(make(scope=("invoice:read",), by=by)).scope == ("invoice:read",)
    assert reason(make(scope=("invoice:read", "invoice:pay"), by=by)) == "scope.missing"
    assert reason(make(scope=None, by=by)) == "scope.missing"


def test_a_session_carries_everything() -> None:
    assert made(make(scope=None, by=SESSION, expires=None, organization=None)).scope is None


def test_a_bound_credential_makes_bound_keys() -> None:
    bound = replace(TOKEN, organization="acme")
    assert made(make(scope=(), by=bound, organization="acme")).organization == "acme"
    assert reason(make(scope=(), by=bound, organization=None)) == "organization.other"
    assert reason(make(scope=(), by=bound, organization="globex")) == "organization.other"


def test_a_key_makes_no_key_that_outlives_it() -> None:
    assert reason(make(scope=(), by=KEY, expires=None)) == "lifetime.wider"
    assert reason(make(scope=(), by=KEY, expires=after(LATER, Seconds(1)))) == "lifetime.wider"
    assert made(make(scope=(), by=KEY, expires=LATER)).expires == LATER
    assert made(make(scope=(), by=replace(KEY, expires=None), expires=None)).expires is None
    assert made(make(scope=(), by=TOKEN, expires=LATER)).expires == LATER


def test_how_long_a_key_lives() -> None:
    assert rules.expiry(None, DAY, NOW) == LATER
    assert rules.expiry(Seconds(60), DAY, NOW) == after(NOW, Seconds(60))
    assert rules.expiry("never", DAY, NOW) is None
    for bad in (0, -1, rules.LIFETIME_LIMIT + 1):
        with pytest.raises(Invalid) as refused:
            rules.expiry(Seconds(bad), DAY, NOW)
        assert refused.value.reason == "lifetime.invalid"


def test_a_key_holds_until_its_time() -> None:
    key = made(make())
    assert rules.usable(key, Instant(LATER - 1)) == key
    assert rules.usable(replace(key, expires=None), LATER)
    for gone, now in ((None, NOW), (key, LATER)):
        with pytest.raises(Unauthenticated) as refused:
            rules.usable(gone, now)
        assert refused.value.reason == "credential.invalid"


def test_revoking() -> None:
    key = made(make())
    gone, event = rules.revoke(key).changes
    assert gone == Delete(API_KEYS, ("key_1",))
    assert isinstance(event, Event)
    assert (event.action, event.target) == ("api_key.revoke", "user:usr_1")
    assert isinstance(rules.revoke(None).error, NotFound)
    assert isinstance(make(by=KEY).error, Forbidden)
