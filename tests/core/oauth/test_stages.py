"""The types of trust and the steps between them."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

import doorward
from doorward.core.errors import ConsentRequired, InvalidRequest, LoginRequired, Misconfigured
from doorward.core.instant import Instant
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import (
    Consented,
    Person,
    Received,
    Redemption,
    Standing,
    Trusted,
    Valid,
    max_age_of,
    trust,
)
from doorward.core.oauth.stages import TRUST, Need, Stage, Step, describe, ordered, redeemable, settle, validate

CALLBACK = "https://app.example.com/cb"
CLIENT = Client("app", "App", redirect_uris=(CALLBACK,))
ANN = Person("usr_1", "ses_1", Instant(0), "pwd")


def received(**changes: str) -> Received:
    parameters = {"client_id": "app", "redirect_uri": CALLBACK, "state": "s 1", **changes}
    return Received(parameters, CLIENT, "https://issuer", {"https://api": ("invoice:read",)})


def step(stage: Stage, name: str = "one", need: Need | None = None) -> Step:
    if stage is Stage.VALID:
        return Step(name, stage, "here", authorize=lambda _: None, redeem=lambda _: None)
    return Step(name, stage, "here", interact=lambda *_: need)


def valid(**changes: str) -> Valid:
    return validate([step(Stage.VALID)], trust(received(**changes)))


@pytest.mark.spec("rfc6749#4.1.2.1")
@pytest.mark.parametrize("client", [None, replace(CLIENT, status="disabled")])
def test_no_trust_without_an_active_client(client: Client | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        trust(replace(received(), client=client))
    assert refused.value.reason == "client.unknown"


def test_no_trust_in_what_is_given_twice() -> None:
    with pytest.raises(InvalidRequest):
        trust(replace(received(), repeated=frozenset({"client_id"})))
    with pytest.raises(InvalidRequest) as refused:
        trust(replace(received(), parameters={"client_id": "app"}, repeated=frozenset({"redirect_uri"})))
    assert refused.value.reason == "redirect_uri.missing"


@pytest.mark.spec("rfc9700#2.1")
def test_no_trust_in_another_redirect_uri() -> None:
    with pytest.raises(InvalidRequest) as refused:
        trust(received(redirect_uri=CALLBACK + "/"))
    assert refused.value.reason == "redirect_uri.unknown"


@pytest.mark.spec("rfc6749#4.1.2-state")
@pytest.mark.spec("rfc9207#2")
def test_an_answer_carries_state_and_issuer() -> None:
    trusted = trust(received())
    assert trusted.answer({"code": "c"}) == f"{CALLBACK}?code=c&state=s+1&iss=https%3A%2F%2Fissuer"
    error = InvalidRequest('say "no" to \\ and é')
    assert trusted.refuse(error) == (
        f"{CALLBACK}?error=invalid_request&error_description=say+%3Fno%3F+to+%3F+and+%3F&state=s+1&iss=https%3A%2F%2Fissuer"
    )
    assert "state" not in replace(trusted, parameters={}).answer({})


def test_only_a_trusted_request_can_be_sent_to_a_client() -> None:
    assert not hasattr(Received, "answer")
    assert not hasattr(Received, "refuse")
    root = Path(inspect.getfile(doorward)).parent
    makers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Trusted"
    }
    assert makers == {"core/oauth/request.py"}


def test_steps_run_by_stage_then_as_added() -> None:
    late, first, second = step(Stage.CONSENTED, "late"), step(Stage.VALID, "first"), step(Stage.VALID, "second")
    assert ordered([late, first, second]) == (first, second, late)


def test_a_step_looks_at_what_its_stage_has() -> None:
    with pytest.raises(TypeError):
        Step("x", Stage.CONSENTED, "here", authorize=lambda _: None)
    with pytest.raises(TypeError):
        Step("x", Stage.VALID, "here", interact=lambda *_: None)


def test_the_first_step_that_fails_speaks() -> None:
    def fail(_: Trusted) -> None:
        raise InvalidRequest("no", reason="first")

    with pytest.raises(InvalidRequest) as refused:
        validate([step(Stage.VALID), Step("x", Stage.VALID, "here", authorize=fail)], trust(received()))
    assert refused.value.reason == "first"


def test_nothing_to_verify_is_a_failure() -> None:
    redemption = Redemption(CLIENT, {}, "app", CALLBACK, "", "https://api")
    for act in (
        lambda: validate([], trust(received())),
        lambda: settle([], valid(), Standing(ANN, Instant(0))),
        lambda: redeemable([step(Stage.CONSENTED)], redemption),
    ):
        with pytest.raises(Misconfigured):
            act()
    redeemable([step(Stage.CONSENTED), step(Stage.VALID)], redemption)


def test_a_valid_request_says_what_is_asked() -> None:
    asked = valid(prompt="login consent", max_age="60", nonce="n", login_hint="ann", code_challenge="c")
    assert (asked.prompt, asked.max_age) == ({"login", "consent"}, 60)
    assert (asked.nonce, asked.login_hint, asked.code_challenge) == ("n", "ann", "c")
    assert (asked.scope, asked.resource) == (("invoice:read",), "https://api")
    assert valid().max_age is None


@pytest.mark.parametrize("count", ["", "-1", "1.5", "01", "9999999999", "٣"])
def test_max_age_is_a_number(count: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        max_age_of(trust(received(max_age=count)))
    assert refused.value.reason == "max_age.malformed"


def test_settling() -> None:
    here, nobody = Standing(ANN, Instant(0)), Standing(None, Instant(0))
    passing = [step(Stage.VALID), step(Stage.SIGNED_IN)]
    asking = [*passing, step(Stage.CONSENTED, need=Need.CONSENT)]
    assert settle(passing, valid(), here) == Consented(valid(), ANN)
    assert settle(asking, valid(), here) is Need.CONSENT
    assert settle(passing, valid(), nobody) is Need.SIGN_IN


@pytest.mark.spec("oidc-core#3.1.2.1-none")
def test_prompt_none_never_asks() -> None:
    quiet, here = valid(prompt="none"), Standing(ANN, Instant(0))
    with pytest.raises(LoginRequired):
        settle([step(Stage.SIGNED_IN)], quiet, Standing(None, Instant(0)))
    with pytest.raises(ConsentRequired):
        settle([step(Stage.CONSENTED, need=Need.CONSENT)], quiet, here)


def test_the_pipeline_as_text() -> None:
    text = describe([step(Stage.CONSENTED, "late"), step(Stage.VALID, "first")])
    assert [line.split() for line in text.splitlines()] == [
        ["stage", "step", "standard", "authorize", "token"],
        *([["TRUSTED", name, *standard.split(), "x"] for name, standard, _ in TRUST]),
        ["VALID", "first", "here", "x", "x"],
        ["CONSENTED", "late", "here", "x"],
    ]
