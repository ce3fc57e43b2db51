"""The one rule, reason by reason, and which reason comes first."""

from __future__ import annotations

import itertools

import pytest

from doorward.core.decision import DENY_REASONS
from doorward.core.instant import Instant
from doorward.core.principal import Principal
from doorward.domain.decisions.rules import Holding, Question, Standing, barrier, involved, place_of, places, verdict
from doorward.domain.relations.records import Held

NOW = Instant(1_000)


def _question(
    *,
    object: str | None = "invoice:1",
    organization: str | None = None,
    active: str | None = None,
    scopes: frozenset[str] | None = None,
    expires: int | None = None,
) -> Question:
    principal = Principal(
        "user:ann", "token", organization=active, scopes=scopes, expires=None if expires is None else Instant(expires)
    )
    return Question(principal, "invoice:read", object, organization, NOW)


def _standing(home: str | None = "acme", *, active: bool = True, declared: bool = True, **status: str) -> Standing:
    organizations = {"acme": "active", "globex": "active", "closed": "disabled", "gone": None, **status}
    return Standing(active, declared, home, organizations)  # type: ignore[arg-type]  # the values are statuses


@pytest.mark.parametrize(
    "question,standing,reason",
    [
        (_question(), _standing(), None),
        (_question(expires=1_001), _standing(), None),
        (_question(expires=1_000), _standing(), "token.expired"),
        (_question(), _standing(active=False), "user.inactive"),
        (_question(), _standing(declared=False), "permission.unknown"),
        (_question(scopes=frozenset()), _standing(), "scope.missing"),
        (_question(scopes=frozenset({"invoice:rea", "invoice:*", "invoice:reads"})), _standing(), "scope.missing"),
        (_question(scopes=frozenset({"invoice:read"})), _standing(), None),
        (_question(), _standing(None), None),
        (_question(organization="acme"), _standing(), None),
        (_question(organization="gone"), _standing(), "organization.unknown"),
        (_question(organization="never"), _standing(), "organization.unknown"),
        (_question(), _standing("gone"), "organization.unknown"),
        (_question(active="gone"), _standing(), "organization.unknown"),
        (_question(organization="closed"), _standing(), "organization.inactive"),
        (_question(), _standing("closed"), "organization.inactive"),
        (_question(active="closed"), _standing(None), "organization.inactive"),
        (_question(organization="globex"), _standing(), "organization.mismatch"),
        (_question(organization="globex"), _standing(None), "organization.mismatch"),
        (_question(active="acme"), _standing(), None),
        (_question(active="globex"), _standing(), "organization.other"),
        (_question(active="globex"), _standing(None), None),
        (_question(object=None), _standing(None), None),
        (_question(object=None, organization="acme"), _standing(None), None),
        (_question(object=None, organization="acme", active="acme"), _standing(None), None),
        (_question(object=None, organization="acme", active="globex"), _standing(None), "organization.other"),
        (_question(object=None, active="closed"), _standing(None), "organization.inactive"),
    ],
)
def test_what_stops_a_caller(question: Question, standing: Standing, reason: str | None) -> None:
    assert barrier(question, standing) == reason


def test_the_first_reason_of_the_catalogue_is_given() -> None:
    """Faults are added in every combination: the reason given is the earliest of those present."""
    order = list(DENY_REASONS)
    faults = ("token.expired", "user.inactive", "permission.unknown", "scope.missing", "organization.unknown",
              "organization.inactive", "organization.mismatch", "organization.other")  # fmt: skip
    for count in range(1, len(faults) + 1):
        for present in itertools.combinations(faults, count):
            question = _question(
                organization="gone" if "organization.unknown" in present else None,
                active="globex" if "organization.other" in present else None,
                scopes=frozenset() if "scope.missing" in present else None,
                expires=0 if "token.expired" in present else None,
            )
            if "organization.mismatch" in present and question.organization is None:
                question = question._replace(organization="globex")
            standing = _standing(
                active="user.inactive" not in present,
                declared="permission.unknown" not in present,
                acme="disabled" if "organization.inactive" in present else "active",
            )
            assert barrier(question, standing) == min(present, key=order.index)


def test_the_place_is_the_objects_else_the_one_named_else_the_active_one() -> None:
    assert place_of(_question(), "acme") == "acme"
    assert place_of(_question(organization="globex", active="globex"), None) is None
    assert place_of(_question(object=None, organization="globex", active="acme"), None) == "globex"
    assert place_of(_question(object=None, active="acme"), None) == "acme"
    assert place_of(_question(object=None), None) is None


def test_every_organization_that_plays_a_part_is_looked_at() -> None:
    assert involved(_question(organization="a", active="b"), "c") == ["a", "c", "b"]
    assert involved(_question(), None) == []


def test_where_a_role_counts() -> None:
    assert places(_question(), "acme") == {
        "*": "role.everywhere", "organization:acme": "role.organization", "invoice:1": "role.object"
    }  # fmt: skip
    assert places(_question(), None) == {"*": "role.everywhere", "invoice:1": "role.object"}
    assert places(_question(object=None), None) == {"*": "role.everywhere"}
    assert places(_question(object="organization:acme"), "acme") == {
        "*": "role.everywhere", "organization:acme": "role.organization"
    }  # fmt: skip


@pytest.mark.parametrize(
    "holding,reason",
    [
        (Holding(here=Held("clerk", "*", "user:ann")), "role.everywhere"),
        (Holding(here=Held("clerk", "organization:acme", "user:ann")), "role.organization"),
        (Holding(here=Held("clerk", "invoice:1", "user:ann")), "role.object"),
        (Holding(here=Held("clerk", "invoice:2", "user:ann")), "role.missing"),
        (Holding(here=Held("clerk", "organization:globex", "user:ann")), "role.missing"),
        (Holding(related=True), "relation"),
        (Holding(related=True, elsewhere=Held("clerk", "invoice:2", "user:ann")), "relation"),
        (Holding(related=False), "relation.missing"),
        (Holding(related=False, elsewhere=Held("clerk", "invoice:2", "user:ann")), "role.elsewhere"),
        (Holding(elsewhere=Held("clerk", "*", "user:ann")), "role.elsewhere"),
        (Holding(), "role.missing"),
    ],
)
def test_what_is_held_decides(holding: Holding, reason: str) -> None:
    assert verdict(places(_question(), "acme"), holding) == reason
