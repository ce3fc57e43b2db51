"""What a refused caller reads."""

from __future__ import annotations

import json

import pytest

from doorward.guard import challenge
from doorward.guard.rules import FOREIGN_ORIGIN, MISSING, NOT_FOUND, Refusal

SCOPE = Refusal(
    403,
    "insufficient_scope",
    "scope.missing",
    "the credential does not carry this permission",
    hint="ask for it",
    error="insufficient_scope",
    scope="invoice:pay",
    decision="dec_1",
    permission="invoice:pay",
)


@pytest.mark.spec("rfc6750#3")
def test_nothing_sent_is_challenged_without_an_error() -> None:
    assert challenge.headers(MISSING, "api") == {
        "Cache-Control": "no-store",
        "WWW-Authenticate": 'Bearer realm="api"',
    }


def test_a_missing_scope_is_named() -> None:
    value = challenge.challenge(SCOPE, "api")
    assert value == (
        'Bearer realm="api", error="insufficient_scope", '
        'error_description="scope.missing: the credential does not carry this permission", scope="invoice:pay"'
    )


def test_where_to_get_a_token_is_told_with_a_401_alone() -> None:
    where = "https://api.example/.well-known/oauth-protected-resource"
    assert f'resource_metadata="{where}"' in (challenge.challenge(MISSING, "api", where) or "")
    assert "resource_metadata" not in (challenge.challenge(SCOPE, "api", where) or "")


@pytest.mark.parametrize("refusal", [NOT_FOUND, FOREIGN_ORIGIN])
def test_what_no_token_would_change_is_not_challenged(refusal: Refusal) -> None:
    assert challenge.challenge(refusal, "api") is None


@pytest.mark.spec("rfc6750#3.8")
@pytest.mark.parametrize("bad", ['a"b', "a\\b", "a\r\nSet-Cookie: x=1", "a\x00b", "ünïcode"])
def test_no_value_can_leave_its_quotes(bad: str) -> None:
    value = challenge.challenge(Refusal(401, "unauthenticated", "credential.invalid", bad, error="invalid_token"), bad)
    assert value is not None
    assert all(" " <= character <= "~" for character in value)
    assert value.count('"') == 6
    assert 'error_description="credential.invalid: ' in value
    assert "\\" not in value


def test_a_wait_is_told_in_seconds() -> None:
    assert challenge.headers(Refusal(429, "throttled", "throttled", "wait", retry_after=9), "api")["Retry-After"] == "9"


def test_the_problem_document_says_code_reason_decision_and_hint() -> None:
    assert json.loads(challenge.body(SCOPE, "https://auth.example/errors/")) == {
        "type": "https://auth.example/errors/insufficient_scope",
        "title": "Not allowed",
        "status": 403,
        "detail": "the credential does not carry this permission",
        "code": "insufficient_scope",
        "reason": "scope.missing",
        "permission": "invoice:pay",
        "decision": "dec_1",
        "hint": "ask for it",
    }
    assert json.loads(challenge.body(FOREIGN_ORIGIN))["type"] == "about:blank"
