"""Each step by itself: what it lets pass and what it says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from doorward.core.errors import OAuthError
from doorward.core.instant import Instant
from doorward.core.oauth import pkce
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import Person, Received, Redemption, Standing, Trusted, Valid, trust
from doorward.core.oauth.stages import Need, validate
from doorward.features.authorization_code import steps

CLIENT = Client("app", "App", redirect_uris=("https://app.example.com/cb", "http://127.0.0.1/cb"))
NATIVE = replace(CLIENT, token_endpoint_auth_method="none")
VERIFIER = "a-verifier-of-at-least-forty-three-characters-0123456789"
ANN = Person("usr_1", "ses_1", Instant(0), "pwd")
HERE = Standing(ANN, Instant(0))


def asked(client: Client = CLIENT, **changes: str | None) -> Trusted:
    parameters: dict[str, str | None] = {
        "client_id": "app",
        "redirect_uri": CLIENT.redirect_uris[0],
        "response_type": "code",
        "code_challenge": pkce.challenge(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    return trust(Received(given, client, "https://issuer", {"https://api": ("invoice:read", "invoice:pay")}))


def valid(client: Client = CLIENT, **changes: str | None) -> Valid:
    return validate(steps.STEPS, asked(client, **changes))


def redemption(**changes: object) -> Redemption:
    parameters = {"redirect_uri": "https://app.example.com/cb", "code_verifier": VERIFIER}
    whole = Redemption(CLIENT, parameters, "app", "https://app.example.com/cb", pkce.challenge(VERIFIER), "https://api")
    return replace(whole, **changes)  # type: ignore[arg-type]  # a test's own words


def reason(check: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(OAuthError) as refused:
        check()
    return refused.value.code, refused.value.reason


def test_a_good_request_passes_every_step() -> None:
    assert valid(response_mode="query").scope == ("invoice:read", "invoice:pay")
    for step in steps.STEPS:
        if step.redeem is not None:
            step.redeem(redemption())


@pytest.mark.spec("rfc6749#3.1")
def test_a_parameter_once() -> None:
    twice = replace(asked(), repeated=frozenset({"state", "scope"}))
    assert reason(lambda: steps.once(twice)) == ("invalid_request", "parameter.repeated")
    several = replace(asked(), repeated=frozenset({"resource"}))
    assert reason(lambda: steps.once(several)) == ("invalid_target", "resource.repeated")
    steps.once(asked())


@pytest.mark.parametrize(
    "name, code",
    [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
def test_no_request_object(name: str, code: str) -> None:
    assert reason(lambda: valid(**{name: "x"}))[0] == code


@pytest.mark.spec("rfc9700#2.1.2")
@pytest.mark.parametrize("kind", ["token", "id_token", "code token", "code id_token", "none", "CODE"])
def test_no_token_through_the_address_bar(kind: str) -> None:
    assert reason(lambda: valid(response_type=kind)) == ("unsupported_response_type", "response_type.unknown")


def test_response_type_and_mode() -> None:
    assert reason(lambda: valid(response_type=None)) == ("invalid_request", "response_type.missing")
    for mode in ("fragment", "form_post", ""):
        assert reason(lambda mode=mode: valid(response_mode=mode))[1] == "response_mode.unknown"  # type: ignore[misc]  # a default argument


@pytest.mark.spec("rfc6749#4.1.2.1-grant")
def test_only_a_client_registered_for_codes() -> None:
    other = replace(CLIENT, grant_types=("client_credentials",))
    assert reason(lambda: valid(other)) == ("unauthorized_client", "client.grant")


def test_pkce_is_asked_of_everyone() -> None:
    for client in (CLIENT, NATIVE):
        assert reason(lambda client=client: valid(client, code_challenge=None))[1] == "pkce.missing"  # type: ignore[misc]  # a default argument


def test_what_is_not_declared() -> None:
    assert reason(lambda: valid(resource="https://other"))[0] == "invalid_target"
    assert reason(lambda: valid(scope="report:read"))[0] == "invalid_scope"


@pytest.mark.spec("rfc6749#3.1-owner")
def test_somebody_must_be_signed_in() -> None:
    assert steps.signed_in(valid(), Standing(None, Instant(0))) is Need.SIGN_IN
    assert steps.signed_in(valid(), HERE) is None


def test_consent() -> None:
    here = HERE
    allowed = replace(here, allowed=True)
    remembered = replace(here, remembered=("invoice:read", "invoice:pay", "openid"))
    assert steps.consent(valid(), here) is Need.CONSENT
    assert steps.consent(valid(), allowed) is None
    assert steps.consent(valid(), remembered) is None
    assert steps.consent(valid(), replace(here, remembered=("invoice:read",))) is Need.CONSENT
    assert steps.consent(valid(prompt="consent"), remembered) is Need.CONSENT
    assert steps.consent(valid(prompt="consent"), allowed) is None
    ours = replace(CLIENT, first_party=True)
    assert steps.consent(valid(ours), here) is None
    assert steps.consent(valid(ours, prompt="consent"), here) is Need.CONSENT


@pytest.mark.spec("rfc8252#8.6")
def test_a_client_that_anybody_may_be_is_always_asked_about() -> None:
    remembered = replace(HERE, remembered=("invoice:read", "invoice:pay"))
    for client in (NATIVE, replace(NATIVE, first_party=True)):
        assert steps.consent(valid(client, redirect_uri="http://127.0.0.1:7/cb"), remembered) is Need.CONSENT
    assert steps.consent(valid(NATIVE), remembered) is None
    assert steps.consent(valid(CLIENT, redirect_uri="http://127.0.0.1/cb"), remembered) is None


@pytest.mark.spec("rfc6749#4.1.3")
def test_another_clients_code() -> None:
    other = redemption(client=replace(CLIENT, client_id="other"))
    assert reason(lambda: steps.same_client(other)) == ("invalid_grant", "code.client")


@pytest.mark.spec("rfc6749#4.1.3-uri")
def test_another_redirect_uri() -> None:
    for given in ({"redirect_uri": "https://app.example.com/cb/"}, {}):
        wrong = redemption(parameters={"code_verifier": VERIFIER, **given})
        assert reason(lambda wrong=wrong: steps.same_redirect_uri(wrong)) == ("invalid_grant", "code.redirect_uri")  # type: ignore[misc]  # a default argument


@pytest.mark.spec("rfc8707#2.2")
def test_another_resource() -> None:
    wrong = redemption(parameters={"resource": "https://other"})
    assert reason(lambda: steps.same_resource(wrong)) == ("invalid_target", "code.resource")
    steps.same_resource(redemption(parameters={"resource": "https://api"}))


def test_another_verifier() -> None:
    wrong = redemption(parameters={"code_verifier": VERIFIER[::-1]})
    assert reason(lambda: steps.verifier(wrong)) == ("invalid_grant", "pkce.mismatch")
