"""What a guard demands and answers, rule by rule."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, IntEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.decision import DENY_REASONS, Deny
from doorward.core.errors import Forbidden, InvalidToken, Misconfigured, Throttled, Unauthenticated, Unavailable
from doorward.guard import rules
from doorward.guard.rules import NOT_FOUND, Requirement, canonical, denied, same_origin, unproven


class Colour(str, Enum):  # noqa: UP042  # its str() is not its value: the trap
    RED = "red"


class Number(IntEnum):
    SEVEN = 7


def test_a_requirement_names_its_type_and_parameters() -> None:
    demanded = rules.require("invoice:read", id="invoice_id", org="org_id", hide=True)
    assert demanded == Requirement("invoice:read", "invoice_id", "org_id", hide=True)
    assert demanded.type == "invoice"
    assert demanded.names == ("invoice_id", "org_id")
    assert rules.require(None).type == ""


@pytest.mark.parametrize(
    "permission", ["invoice", "invoice:", ":read", "Invoice:read", "invoice:read:all", "invoice:*"]
)
def test_a_permission_is_type_and_verb(permission: str) -> None:
    with pytest.raises(Misconfigured) as error:
        rules.require(permission)
    assert error.value.reason == "permission.invalid"


@pytest.mark.parametrize("name", ["{invoice_id}", "invoice:7", "", "invoice id"])
def test_a_parameter_is_named_not_formatted(name: str) -> None:
    with pytest.raises(Misconfigured) as error:
        rules.require("invoice:read", id=name)
    assert error.value.reason == "parameter.invalid"


def test_an_id_without_a_permission_would_guard_nothing() -> None:
    with pytest.raises(Misconfigured):
        rules.require(None, id="invoice_id")


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (7, "7"),
        (-7, "-7"),
        ("acme", "acme"),
        ("a/b", "a/b"),
        ("ünïcode", "ünïcode"),
        (UUID("0e984725-c51c-4bf4-9960-e1c80e27aba0"), "0e984725-c51c-4bf4-9960-e1c80e27aba0"),
        (Colour.RED, "red"),
        (Number.SEVEN, "7"),
    ],
)
def test_a_value_in_its_own_spelling_is_an_id(value: object, raw: str) -> None:
    assert canonical(value, raw) == raw


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (7, "007"),
        (7, "+7"),
        (7, " 7"),
        (7, "7 "),
        (7, "7.0"),
        (1000, "1_000"),
        (7, "７"),
        (7.0, "7"),
        (True, "true"),
        ("acme", "ACME"),
        (UUID("0e984725-c51c-4bf4-9960-e1c80e27aba0"), "0E984725-C51C-4BF4-9960-E1C80E27ABA0"),
        (UUID("0e984725-c51c-4bf4-9960-e1c80e27aba0"), "0e984725c51c4bf49960e1c80e27aba0"),
        (Decimal("7.10"), "7.10"),
        (Colour.RED, "Colour.RED"),
        (None, "None"),
        ("", ""),
        ("*", "*"),
        ("7#member", "7#member"),
        ("7\x00", "7\x00"),
        ("7\n", "7\n"),
        ("x" * 513, "x" * 513),
    ],
)
def test_any_other_spelling_is_no_id(value: object, raw: str) -> None:
    assert canonical(value, raw) is None


@given(st.integers(), st.text(max_size=8))
def test_whatever_int_reads_has_one_spelling(number: int, noise: str) -> None:
    """However Python's own conversion is talked into a number, only its plain spelling is decided on."""
    for raw in (f"{noise}{number}", f"{number}{noise}", f"0{number}", f"+{number}", noise):
        try:
            value = int(raw)
        except ValueError:
            continue
        assert canonical(value, raw) == (raw if raw == str(value) else None)


OWN = ("https://app.example",)


@pytest.mark.parametrize(
    ("origins", "sites", "expected"),
    [
        (["https://app.example"], [], True),
        (["https://app.example"], ["same-origin"], True),
        ([], ["same-origin"], True),
        ([], [], False),
        (["null"], [], False),
        (["null"], ["same-origin"], False),
        (["http://app.example"], [], False),
        (["http://app.example"], ["same-origin"], True),  # TLS ends before us, the browser vouches
        (["https://app.example.evil.test"], [], False),
        (["https://app.example:8443"], [], False),
        (["https://app.example:8443"], ["same-origin"], False),
        (["https://evil.test"], ["same-origin"], False),
        (["https://app.example"], ["same-site"], False),
        (["https://app.example"], ["cross-site"], False),
        ([], ["none"], False),
        ([], ["same-site"], False),
        (["https://app.example", "https://evil.test"], [], False),
        (["https://app.example"], ["same-origin", "cross-site"], False),
        ([""], [], False),
    ],
)
def test_same_origin(origins: list[str], sites: list[str], expected: bool) -> None:
    assert same_origin(origins=origins, sites=sites, own=OWN, host="app.example") is expected


def test_an_unknown_host_vouches_for_nothing() -> None:
    assert not same_origin(origins=["https://"], sites=["same-origin"], own=OWN, host="")


def deny(reason: str, fix: str = "") -> Deny:
    return Deny("dec_1", reason, (), fix)  # type: ignore[arg-type]  # the cases below are the catalogue's


INVOICE = rules.require("invoice:pay", id="invoice_id")
HIDDEN = rules.require("invoice:pay", id="invoice_id", hide=True)
CREDENTIAL = ["credential.missing", "credential.invalid", "credential.revoked", "token.expired", "user.inactive"]


@pytest.mark.spec("rfc6750#3.1")
@pytest.mark.parametrize("requirement", [INVOICE, HIDDEN])
@pytest.mark.parametrize("reason", CREDENTIAL)
def test_a_credential_that_does_not_hold_is_a_401(reason: str, requirement: Requirement) -> None:
    refusal = denied(deny(reason), requirement)
    assert (refusal.status, refusal.error, refusal.reason) == (401, "invalid_token", reason)


@pytest.mark.parametrize("requirement", [INVOICE, HIDDEN])
def test_a_missing_scope_names_the_scope_even_where_objects_are_hidden(requirement: Requirement) -> None:
    refusal = denied(deny("scope.missing"), requirement)
    assert (refusal.status, refusal.error, refusal.scope) == (403, "insufficient_scope", "invoice:pay")


@pytest.mark.parametrize("reason", sorted(set(DENY_REASONS) - {*CREDENTIAL, "scope.missing", "organization.mismatch"}))
def test_every_other_reason_is_a_403_or_hidden(reason: str) -> None:
    refusal = denied(deny(reason), INVOICE)
    assert (refusal.status, refusal.code, refusal.reason, refusal.scope) == (403, "forbidden", reason, "")
    assert refusal.decision == "dec_1"
    assert denied(deny(reason), HIDDEN) is NOT_FOUND


def test_an_object_of_another_organization_than_named_does_not_exist() -> None:
    both = rules.require("invoice:pay", id="invoice_id", org="org_id")
    assert denied(deny("organization.mismatch"), both) is NOT_FOUND
    assert denied(deny("organization.unknown"), both) is NOT_FOUND
    assert denied(deny("organization.inactive"), both).status == 403


def test_what_would_allow_it_is_told_in_development_alone() -> None:
    fix = "doorward assign owner ann --on invoice:7"
    assert denied(deny("role.missing", fix), INVOICE, explain=True).hint == fix
    assert denied(deny("role.missing", fix), INVOICE).hint == "`doorward why dec_1` says why"
    assert denied(deny("role.missing"), INVOICE, explain=True).hint == "`doorward why dec_1` says why"


@pytest.mark.parametrize(
    ("error", "status", "challenge", "reason"),
    [
        (Unauthenticated("no such key", reason="credential.invalid"), 401, "invalid_token", "credential.invalid"),
        (InvalidToken("it has expired", reason="token.expired"), 401, "invalid_token", "token.expired"),
        (Throttled("wait", retry_after=9, reason="throttled"), 429, "", "throttled"),
        (Forbidden("no", reason="organization.inactive"), 403, "", "organization.inactive"),
        (Unavailable("the database is locked"), 503, "", "unavailable"),
        (Misconfigured("no key"), 503, "", "misconfigured"),
    ],
)
def test_a_credential_nobody_can_judge_is_refused(
    error: Unauthenticated, status: int, challenge: str, reason: str
) -> None:
    refusal = unproven(error)
    assert (refusal.status, refusal.error, refusal.reason) == (status, challenge, reason)
    if status == 429:
        assert refusal.retry_after == 9
    if status == 503:
        assert "locked" not in refusal.description
