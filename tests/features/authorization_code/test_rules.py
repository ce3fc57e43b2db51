"""Codes: what each presentation keeps, uses up and ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.errors import AccessDenied, InvalidRequest
from doorward.core.instant import MINUTE, Instant, Seconds, after
from doorward.core.oauth import pkce
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import Consented, Person, Received, TokenRequest, trust
from doorward.core.oauth.stages import validate
from doorward.core.outcome import Event, Outcome
from doorward.core.table import Add, Delete, Expect, Swap
from doorward.domain.accounts.records import User
from doorward.domain.consents.records import CONSENTS, Consent
from doorward.domain.sessions.records import Session
from doorward.domain.tokens.records import FAMILIES, Family
from doorward.features.authorization_code import rules
from doorward.features.authorization_code.records import AUTHORIZATION_CODES, AuthorizationCode
from doorward.features.authorization_code.rules import Held
from doorward.features.authorization_code.steps import STEPS

NOW = Instant(1_000_000_000)
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
CALLBACK = "https://app.example.com/cb"
CLIENT = Client("app", "App", redirect_uris=(CALLBACK,))
OURS = replace(CLIENT, first_party=True)
ANN = User("usr_1", "ann", "ann")
PERSON = Person("usr_1", "ses_1", NOW, "pwd", ("pwd",), "acme")
SESSION = Session("ses_1", "d", "usr_1", NOW, NOW, NOW, NOW, NOW, "pwd", ("pwd",))
GIVEN = Consent("usr_1", "app", ("openid",), NOW)
FAMILY = Family("fam_1", "usr_1", "app", ("openid",), "https://api", NOW, NOW)


def consented(client: Client = CLIENT) -> Consented:
    parameters = {
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "nonce": "n",
        "code_challenge": pkce.challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    return Consented(
        validate(STEPS, trust(Received(parameters, client, "https://issuer", {"https://api": ()}))), PERSON
    )


def issued(asked: bool = True, before: Consent | None = None, client: Client = CLIENT) -> AuthorizationCode:
    outcome = rules.issue(consented(client), ANN, before, asked=asked, digest="d", now=NOW, lifetime=MINUTE)
    made = [change for change in outcome.changes if isinstance(change, Add) and change.table is AUTHORIZATION_CODES]
    code = made[0].record
    assert isinstance(code, AuthorizationCode)
    return code


def held(**changes: object) -> Held:
    return replace(Held(issued(), SESSION, ANN, GIVEN), **changes)  # type: ignore[arg-type]  # a test's own words


def present(
    held: Held, *, now: Instant = NOW, client: Client = CLIENT, **parameters: str
) -> Outcome[AuthorizationCode]:
    given = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, **parameters}
    return rules.redeem(held, TokenRequest(client, given, STEPS), family_id="fam_1", now=now, lifetime=Seconds(600))


def reason(outcome: Outcome[AuthorizationCode]) -> str:
    """Why it was refused; the event in the same batch says the same."""
    assert outcome.error is not None
    event = outcome.changes[-1]
    assert isinstance(event, Event)
    assert (event.action, event.outcome, event.reason) == ("token.refuse", "refused", outcome.error.reason)
    return outcome.error.reason


def burnt(outcome: Outcome[AuthorizationCode]) -> bool:
    """Whether the code was used up without opening anything."""
    swaps = [change for change in outcome.changes if isinstance(change, Swap)]
    assert all(change.new.used == NOW and change.new.family is None for change in swaps)
    return bool(swaps)


def test_parameters_of_a_request() -> None:
    assert rules.parameters_of("a=1&b=%20x+y&c=&d=1&d=2") == ({"a": "1", "b": " x y"}, frozenset({"d"}))
    for query in ("a=%ff", "a=é", "&".join("a=1" for _ in range(101))):
        with pytest.raises(InvalidRequest) as refused:
            rules.parameters_of(query)
        assert refused.value.reason == "request.malformed"
    with pytest.raises(InvalidRequest) as refused:
        rules.parameters_of("a=" + "x" * 6000)
    assert refused.value.reason == "request.too_long"


def test_a_code_is_bound_to_all_that_was_agreed() -> None:
    code = issued()
    assert (code.client, code.user, code.session, code.redirect_uri) == ("app", "usr_1", "ses_1", CALLBACK)
    assert (code.scope, code.resource, code.nonce, code.organization) == (("openid",), "https://api", "n", "acme")
    assert code.code_challenge == pkce.challenge(VERIFIER)
    assert (code.valid_until, code.expires) == (after(NOW, MINUTE), after(NOW, rules.KEPT))
    assert code.by_consent
    assert issued(asked=False, before=GIVEN).by_consent
    assert issued(asked=False, before=GIVEN, client=OURS).by_consent
    assert not issued(asked=False, client=OURS).by_consent


def test_issuing_expects_the_user_and_the_client_unchanged() -> None:
    outcome = rules.issue(consented(), ANN, None, asked=True, digest="d", now=NOW, lifetime=MINUTE)
    assert [change.record for change in outcome.changes if isinstance(change, Expect)] == [ANN, CLIENT]
    assert any(isinstance(change, Add) and change.table is CONSENTS for change in outcome.changes)
    gone = rules.issue(
        consented(), replace(ANN, status="disabled"), None, asked=True, digest="d", now=NOW, lifetime=MINUTE
    )
    assert isinstance(gone.error, AccessDenied)
    assert gone.changes == ()


@pytest.mark.parametrize("before", [None, replace(GIVEN, scope=("profile",))])
def test_a_consent_that_is_withdrawn_at_this_moment_gives_no_code(before: Consent | None) -> None:
    outcome = rules.issue(consented(), ANN, before, asked=False, digest="d", now=NOW, lifetime=MINUTE)
    assert outcome.error is not None
    assert (outcome.error.reason, outcome.changes) == ("consent.withdrawn", ())


def test_denying_is_recorded() -> None:
    outcome = rules.deny(CLIENT, PERSON)
    assert isinstance(outcome.error, AccessDenied)
    assert [type(change) for change in outcome.changes] == [Event]


def test_redeeming_opens_a_family_in_the_same_batch() -> None:
    outcome = present(held())
    assert outcome.error is None
    used, opened = outcome.changes[0], outcome.changes[1]
    assert isinstance(used, Swap)
    assert isinstance(opened, Add)
    assert (used.new.used, used.new.family) == (NOW, "fam_1")
    assert (opened.record.code, opened.record.session, opened.record.organization) == ("d", "ses_1", "acme")
    expected = [change.record for change in outcome.changes if isinstance(change, Expect)]
    assert expected == [ANN, SESSION, CLIENT, GIVEN]
    ours = present(held(code=issued(asked=False, client=OURS), consent=None), client=OURS)
    assert [change.record for change in ours.changes if isinstance(change, Expect)] == [ANN, SESSION, OURS]


def test_an_unknown_code() -> None:
    assert reason(present(Held(None))) == "code.unknown"


@pytest.mark.spec("rfc6749#4.1.2")
def test_a_used_code_ends_what_it_opened() -> None:
    used = replace(issued(), used=NOW, family="fam_1")
    for outcome in (
        present(Held(used, family=FAMILY)),
        present(Held(used, family=FAMILY), now=after(NOW, Seconds(3600))),
        present(Held(used, family=FAMILY), client=replace(CLIENT, client_id="other")),
        present(Held(used, family=FAMILY), code_verifier="x"),
    ):
        assert reason(outcome) == "code.replayed"
        assert outcome.changes[0] == Delete(FAMILIES, ("fam_1",))
        event = outcome.changes[-1]
        assert isinstance(event, Event)
        assert event.data == {"family": "fam_1", "user": "usr_1"}
    assert len(present(Held(used)).changes) == 1


@pytest.mark.spec("rfc6749#4.1.2-expiry")
def test_an_old_code() -> None:
    last = Instant(after(NOW, MINUTE) - 1)
    assert present(held(), now=last).error is None
    assert reason(present(held(), now=after(NOW, MINUTE))) == "code.expired"


@pytest.mark.parametrize(
    "wrong, why",
    [
        ({"code_verifier": VERIFIER[::-1]}, "pkce.mismatch"),
        ({"code_verifier": ""}, "pkce.verifier_malformed"),
        ({"redirect_uri": "https://app.example.com/"}, "code.redirect_uri"),
        ({"resource": "https://other"}, "code.resource"),
    ],
)
def test_one_attempt_by_its_own_client(wrong: dict[str, str], why: str) -> None:
    outcome = present(held(), **wrong)
    assert reason(outcome) == why
    assert burnt(outcome)


def test_another_client_uses_nothing_up() -> None:
    outcome = present(held(), client=replace(CLIENT, client_id="other"))
    assert reason(outcome) == "code.client"
    assert not burnt(outcome)


@pytest.mark.parametrize(
    "lost",
    [
        {"session": None},
        {"session": replace(SESSION, user="usr_2")},
        {"user": None},
        {"user": replace(ANN, status="disabled")},
    ],
)
def test_a_code_falls_with_the_sign_in_that_it_came_from(lost: dict[str, object]) -> None:
    outcome = present(held(**lost))
    assert reason(outcome) == "session.ended"
    assert burnt(outcome)


@pytest.mark.parametrize("consent", [None, replace(GIVEN, scope=())])
def test_a_code_falls_with_the_consent_that_it_rests_on(consent: Consent | None) -> None:
    outcome = present(held(consent=consent))
    assert reason(outcome) == "consent.withdrawn"
    assert burnt(outcome)


def test_a_code_falls_when_its_client_is_ours_no_more() -> None:
    outcome = present(held(code=issued(asked=False, client=OURS), consent=None), client=CLIENT)
    assert reason(outcome) == "consent.withdrawn"
    assert burnt(outcome)
