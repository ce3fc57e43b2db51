"""Row 4: a code is worth nothing without everything that it was bound to. The whole matrix, against an exact table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path

import pytest

from doorward.core.instant import Instant, after
from doorward.core.oauth import pkce
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import Consented, Person, Received, TokenRequest, trust
from doorward.core.oauth.stages import Step, validate
from doorward.core.outcome import Outcome
from doorward.domain.accounts.records import User
from doorward.domain.sessions.records import Session
from doorward.features.authorization_code import rules
from doorward.features.authorization_code.records import AuthorizationCode
from doorward.testing import FakeClock
from tests.oauth import RESOURCE, VERIFIER, Party, answered, asking, house, opened, party, with_step_removed
from tests.security.figures import figures

OTHER = VERIFIER[::-1]
CALLBACK, SECOND = "https://app.example.com/callback", "https://app.example.com/second"
ISSUED = Instant(1_800_000_000_000_000)
LIFETIME = 60

CHALLENGES = {"its": pkce.challenge(VERIFIER), "another's": pkce.challenge(OTHER)}
VERIFIERS = {
    "right": VERIFIER, "another": OTHER, "missing": None, "empty": "", "the challenge": pkce.challenge(VERIFIER),
    "padded": VERIFIER + "=", "newline": VERIFIER + "\n", "short": VERIFIER[:42], "long": VERIFIER * 3,
    "case": VERIFIER.upper(), "cut": VERIFIER[:-1], "longer": VERIFIER + "x",
}  # fmt: skip
CLIENTS = {
    name: Client(name, name, redirect_uris=(CALLBACK, SECOND), first_party=True)  # no consent to rest on
    for name in ("app", "other", "APP", "app ")
}
ADDRESSES = {
    "same": CALLBACK, "second": SECOND, "missing": None, "empty": "", "slash": CALLBACK + "/", "case": CALLBACK.upper(),
    "encoded": CALLBACK.replace("/c", "/%63"), "longer": CALLBACK + "?x", "shorter": CALLBACK[:-1],
}  # fmt: skip
RESOURCES = {"absent": None, "same": RESOURCE, "another": "https://other.example", "longer": RESOURCE + "/"}
AGES = {
    "at once": 0,
    "last moment": LIFETIME * 1_000_000 - 1,
    "at the end": LIFETIME * 1_000_000,
    "late": 3_600_000_000,
}
SIGNED_IN = {"yes": True, "no": False}
AXES = (CHALLENGES, VERIFIERS, CLIENTS, ADDRESSES, RESOURCES, AGES, SIGNED_IN)
GOOD = ("its", "right", "app", "same", "absent", "at once", "yes")

ANN = User("usr_1", "ann", "ann")
SESSION = Session("ses_1", "d", "usr_1", ISSUED, ISSUED, ISSUED, ISSUED, ISSUED, "pwd", ("pwd",))


def issued(challenge: str) -> AuthorizationCode:
    parameters = {
        "client_id": "app", "redirect_uri": CALLBACK, "response_type": "code",
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    valid = validate(house().steps, trust(Received(parameters, CLIENTS["app"], "https://issuer", {RESOURCE: ()})))
    person = Person("usr_1", "ses_1", ISSUED, "pwd")
    made = rules.issue(
        Consented(valid, person), ANN, None, asked=False, digest="d", now=ISSUED, lifetime=LIFETIME  # type: ignore[arg-type]  # seconds
    )  # fmt: skip
    return next(
        change.record for change in made.changes if isinstance(getattr(change, "record", None), AuthorizationCode)
    )


CODES = {name: issued(challenge) for name, challenge in CHALLENGES.items()}


def present(cell: tuple[str, ...], steps: tuple[Step, ...]) -> Outcome[AuthorizationCode]:
    challenge, verifier, client, address, resource, age, signed_in = cell
    given = {
        "code_verifier": VERIFIERS[verifier], "redirect_uri": ADDRESSES[address], "resource": RESOURCES[resource],
    }  # fmt: skip
    parameters = {name: value for name, value in given.items() if value}  # the endpoint drops what is empty
    held = rules.Held(CODES[challenge], SESSION if SIGNED_IN[signed_in] else None, ANN)
    request = TokenRequest(CLIENTS[client], parameters, steps)
    return rules.redeem(held, request, family_id="fam_1", now=Instant(ISSUED + AGES[age]), lifetime=LIFETIME)  # type: ignore[arg-type]  # seconds


def expected(cell: tuple[str, ...]) -> str:
    """The table, said in the words of the standards and not with the product's code: the first fault, or none."""
    challenge, verifier, client, address, resource, age, signed_in = cell
    if client != "app":
        return "code.client"
    if verifier in {"missing", "empty", "padded", "newline", "short", "long"}:
        return "pkce.verifier_malformed"
    if (challenge, verifier) not in {("its", "right"), ("another's", "another")}:
        return "pkce.mismatch"
    if resource in {"another", "longer"}:
        return "code.resource"
    if address != "same":
        return "code.redirect_uri"
    if age in {"at the end", "late"}:
        return "code.expired"
    return "" if signed_in == "yes" else "session.ended"


def disagreements(steps: tuple[Step, ...]) -> Iterator[tuple[int, bool]]:
    """For each cell: how many were tried, and whether the answer is not the table's."""
    for tried, cell in enumerate(product(*AXES), 1):
        outcome = present(cell, steps)
        reason = "" if outcome.error is None else outcome.error.reason
        yield tried, reason != expected(cell)


def test_the_whole_matrix() -> None:
    tried = through = 0
    for number, differs in disagreements(house().steps):
        tried, through = number, through + differs
    caught = []
    for step in ("client", "pkce", "resource", "redirect_uri_again"):
        after_ = next(number for number, differs in disagreements(with_step_removed(step).steps) if differs)
        caught.append(f"without `{step}` after {after_}")
    figures.record(4, "code binding, all cells", tried, through, ", ".join(caught))


def test_each_single_fault_alone_rejects() -> None:
    assert present(GOOD, house().steps).error is None
    harmless = {("absent", "same"), ("at once", "last moment")}
    rejected = 0
    for axis, values in enumerate(AXES):
        for value in values:
            if value == GOOD[axis] or (GOOD[axis], value) in harmless:
                continue
            outcome = present((*GOOD[:axis], value, *GOOD[axis + 1 :]), house().steps)
            assert outcome.error is not None, value
            rejected += 1
    assert rejected == 28


def test_the_age_is_told_to_the_microsecond() -> None:
    code = CODES["its"]
    assert code.valid_until == after(ISSUED, LIFETIME)  # type: ignore[arg-type]  # seconds


@pytest.fixture
async def ann(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Party]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(opened(tmp_path / "doorward.db", clock))
        settings = {"redirect_uris": (CALLBACK, SECOND), "first_party": True}
        yield await stack.enter_async_context(party(world, **settings))


@pytest.mark.anyio
async def test_over_http_each_fault_alone_rejects(ann: Party) -> None:
    """The same through both endpoints: a fresh code for each, and no code at all for a weak challenge."""
    for changes in (
        {"code_challenge": None},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": VERIFIER},
        {"code_challenge": pkce.challenge(VERIFIER) + "="},
    ):
        assert answered(await ann.get(asking(ann.client, **changes)))["error"] == "invalid_request"
    tried = through = 0
    for verifier in VERIFIERS.values():
        response = await ann.token(code=await ann.code(), code_verifier=verifier)
        tried, through = tried + 1, through + (response.status_code == 200 and verifier != VERIFIER)
    for address in ADDRESSES.values():
        response = await ann.token(code=await ann.code(), redirect_uri=address)
        tried, through = tried + 1, through + (response.status_code == 200 and address != CALLBACK)
    for resource in RESOURCES.values():
        response = await ann.token(code=await ann.code(), resource=resource)
        tried, through = tried + 1, through + (response.status_code == 200 and resource not in {None, RESOURCE})
    figures.record(4, "code binding over HTTP", tried, through, "see the matrix")
