"""The steps of an authorization request that OAuth itself asks for. Each is one check and can be read on its own."""

from __future__ import annotations

from doorward.core.errors import (
    InvalidGrant,
    InvalidRequest,
    InvalidTarget,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from doorward.core.oauth import pkce, redirects
from doorward.core.oauth.request import Redemption, Standing, Trusted, Valid, resource_of, scope_of
from doorward.core.oauth.stages import Need, Stage, Step


def once(request: Trusted) -> None:
    """Every parameter at most once. RFC 6749 §3.1; a resource repeated is more than we give, RFC 8707 §2."""
    if "resource" in request.repeated:
        raise InvalidTarget("one `resource` at a time", reason="resource.repeated")
    if request.repeated:  # rfc6749#3.1
        name = min(request.repeated)
        raise InvalidRequest(f"`{name[:64]}` is given more than once", reason="parameter.repeated")


def no_request_object(request: Trusted) -> None:
    """What the request says stands in its own parameters. OpenID Connect Core §6, §7.2.1."""
    if "request" in request.parameters:
        raise RequestNotSupported("request objects are not offered", reason="request.object")
    if "request_uri" in request.parameters:
        raise RequestUriNotSupported("requests by reference are not offered", reason="request.uri")
    if "registration" in request.parameters:
        raise RegistrationNotSupported("a client cannot register in a request", reason="request.registration")


def response_type(request: Trusted) -> None:
    """`code` and nothing else: no token ever travels through a browser's address bar. RFC 9700 §2.1.2."""
    asked = request.parameters.get("response_type")
    if asked is None:
        raise InvalidRequest("`response_type` is missing", reason="response_type.missing")
    if asked != "code":  # rfc9700#2.1.2
        raise UnsupportedResponseType("`response_type` must be `code`", reason="response_type.unknown")


def response_mode(request: Trusted) -> None:
    """`query`, the one of `code`. OAuth 2.0 Multiple Response Types §2.1."""
    if request.parameters.get("response_mode", "query") != "query":
        raise InvalidRequest("`response_mode` must be `query`", reason="response_mode.unknown")


def permitted(request: Trusted) -> None:
    """The client is registered for codes. RFC 6749 §4.1.2.1."""
    if "authorization_code" not in request.client.grant_types:  # rfc6749#4.1.2.1-grant
        raise UnauthorizedClient("this client is not registered for `authorization_code`", reason="client.grant")


def challenge(request: Trusted) -> None:
    """PKCE with S256, of every client. RFC 7636, RFC 9700 §2.1.1."""
    pkce.demand(request.parameters)


def signed_in(request: Valid, standing: Standing) -> Need | None:
    """Somebody is signed in. RFC 6749 §3.1."""
    return Need.SIGN_IN if standing.person is None else None  # rfc6749#3.1-owner


def consent(request: Valid, standing: Standing) -> Need | None:
    """The person allows it: now, or before for at least these scopes, or because the client is ours.

    A public client behind a loopback or private-use address may be somebody else each time (RFC 8252 §8.6), so there
    the person is always asked, and sees where the browser goes.
    """
    if standing.allowed:
        return None
    trusted = request.trusted
    if not redirects.provable(trusted.client, trusted.redirect_uri):  # rfc8252#8.6
        return Need.CONSENT
    if "consent" in request.prompt:
        return Need.CONSENT
    if trusted.client.first_party:
        return None
    covered = standing.remembered is not None and set(request.scope) <= set(standing.remembered)
    return None if covered else Need.CONSENT


def same_client(redemption: Redemption) -> None:
    """The code was issued to the client that presents it. RFC 6749 §4.1.3."""
    if redemption.issued_to != redemption.client.client_id:  # rfc6749#4.1.3
        raise InvalidGrant("the code was not issued to this client", reason="code.client")


def same_redirect_uri(redemption: Redemption) -> None:
    """The redirect URI of the authorization request, byte for byte. RFC 6749 §4.1.3."""
    if redemption.parameters.get("redirect_uri") != redemption.redirect_uri:  # rfc6749#4.1.3-uri
        raise InvalidGrant(
            "`redirect_uri` is not the one of the authorization request",
            reason="code.redirect_uri",
            hint="send the same redirect_uri again",
        )


def same_resource(redemption: Redemption) -> None:
    """No other audience than the one that was authorized. RFC 8707 §2.2."""
    if redemption.parameters.get("resource", redemption.resource) != redemption.resource:  # rfc8707#2.2
        raise InvalidTarget("`resource` is not the one that was authorized", reason="code.resource")


def verifier(redemption: Redemption) -> None:
    """The secret behind the challenge. RFC 7636 §4.6."""
    pkce.verify(redemption.code_challenge, redemption.parameters.get("code_verifier"))


STEPS: tuple[Step, ...] = (
    Step("once", Stage.VALID, "RFC 6749 §3.1", authorize=once),
    Step("no_request_object", Stage.VALID, "OIDC Core §6", authorize=no_request_object),
    Step("response_type", Stage.VALID, "RFC 9700 §2.1.2", authorize=response_type),
    Step("response_mode", Stage.VALID, "OAuth Multiple Response Types §2.1", authorize=response_mode),
    Step("client", Stage.VALID, "RFC 6749 §4.1", authorize=permitted, redeem=same_client),
    Step("pkce", Stage.VALID, "RFC 7636, RFC 9700 §2.1.1", authorize=challenge, redeem=verifier),
    Step("resource", Stage.VALID, "RFC 8707 §2", authorize=resource_of, redeem=same_resource),
    Step("scope", Stage.VALID, "RFC 6749 §3.3", authorize=scope_of),
    Step("redirect_uri_again", Stage.VALID, "RFC 6749 §4.1.3", redeem=same_redirect_uri),
    Step("signed_in", Stage.SIGNED_IN, "RFC 6749 §3.1", interact=signed_in),
    Step("consent", Stage.CONSENTED, "RFC 6749 §4.1, RFC 8252 §8.6", interact=consent),
)
