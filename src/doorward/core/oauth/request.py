"""What a request to authorize is worth: a type for each stage of trust, and what the token endpoint hands around.

INVARIANT: only a Trusted request can be answered by a redirect (`answer`, `refuse`), and only `trust` makes one, after
the client and the redirect URI are known. An error before that can only be a page: Received has no such words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from doorward.core.errors import InvalidRequest, OAuthError
from doorward.core.instant import Instant, Seconds
from doorward.core.oauth import redirects, scopes
from doorward.core.oauth.client import Client

if TYPE_CHECKING:
    from doorward.core.oauth.stages import Step

_COUNT = re.compile(r"0|[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An authenticated client's request: its parameters, each given once. RFC 6749 §3.2.

    `steps` are the pipeline's, for a grant that redeems what an authorization request made.
    """

    client: Client
    parameters: Mapping[str, str]
    steps: Sequence[Step] = ()


@dataclass(frozen=True, slots=True)
class TokenReply:
    """A successful answer. RFC 6749 §5.1."""

    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Received:
    """An authorization request as it came. `parameters` are those given once, `repeated` names the others; `client`
    is whoever is registered under its client_id; `offered` maps each resource server to its permissions."""

    parameters: Mapping[str, str]
    client: Client | None
    issuer: str
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Trusted:
    """Its client and redirect URI are known: from here on an error may be told to the client. Made by `trust`."""

    parameters: Mapping[str, str]
    client: Client
    redirect_uri: str
    issuer: str
    offered: Mapping[str, tuple[str, ...]]
    repeated: frozenset[str]

    def answer(self, parameters: Mapping[str, str]) -> str:
        """The Location that takes these to the client, with `state` as it came and `iss` (RFC 9207 §2)."""
        told = dict(parameters)
        if "state" in self.parameters:
            told["state"] = self.parameters["state"]  # rfc6749#4.1.2-state
        told["iss"] = self.issuer  # rfc9207#2
        return redirects.answer(self.redirect_uri, told)

    def refuse(self, error: OAuthError) -> str:
        """The Location that tells the client of an error. RFC 6749 §4.1.2.1."""
        text = "".join(letter if letter not in '"\\' and " " <= letter <= "~" else "?" for letter in error.description)
        return self.answer({"error": error.code, "error_description": text})


@dataclass(frozen=True, slots=True)
class Valid:
    """All that it asks is right and can be given. `scope` is cut by client and catalogue, not yet by consent."""

    trusted: Trusted
    scope: tuple[str, ...]
    resource: str
    code_challenge: str
    prompt: frozenset[str]
    max_age: Seconds | None
    nonce: str | None
    login_hint: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in at the browser, and when and how they proved it."""

    user: str
    session: str
    auth_time: Instant
    acr: str
    amr: tuple[str, ...] = ()
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known beside the request. `since` is when this very request first sent the browser to sign in, if it
    did; `remembered` the scopes consented to before; `allowed` that the person just pressed allow; `meant` the user
    whom the request's `id_token_hint` names."""

    person: Person | None
    now: Instant
    since: Instant | None = None
    remembered: tuple[str, ...] | None = None
    allowed: bool = False
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class Consented:
    """A Valid request of a known person who agrees, or need not be asked. A code may be issued."""

    valid: Valid
    person: Person


@dataclass(frozen=True, slots=True)
class Redemption:
    """A code presented at the token endpoint, beside what it was issued for."""

    client: Client
    parameters: Mapping[str, str]
    issued_to: str
    redirect_uri: str
    code_challenge: str
    resource: str


def known_client(request: Received) -> Client:
    """The active client that asks. Raises InvalidRequest. RFC 6749 §4.1.2.1."""
    if "client_id" in request.repeated:
        raise InvalidRequest("`client_id` is given more than once", reason="parameter.repeated")
    if request.client is None or request.client.status != "active":  # rfc6749#4.1.2.1
        raise InvalidRequest("`client_id` is missing, unknown or disabled", reason="client.unknown")
    return request.client


def known_redirect_uri(request: Received, client: Client) -> str:
    """The address to answer at: given, and byte-equal to a registered one. Raises InvalidRequest. RFC 9700 §2.1."""
    uri = request.parameters.get("redirect_uri")
    if uri is None:
        raise InvalidRequest("`redirect_uri` is missing or given more than once", reason="redirect_uri.missing")
    if not redirects.registered(client, uri):  # rfc9700#2.1
        raise InvalidRequest(
            "`redirect_uri` is not registered for this client",
            reason="redirect_uri.unknown",
            hint="register exactly the address that the client sends",
        )
    return uri


def trust(request: Received) -> Trusted:
    """Received → Trusted. Raises OAuthError, which can only become a Page."""
    client = known_client(request)
    uri = known_redirect_uri(request, client)
    return Trusted(request.parameters, client, uri, request.issuer, request.offered, request.repeated)


def resource_of(request: Trusted) -> str:
    """The audience that it asks for. Raises InvalidTarget. RFC 8707 §2."""
    return scopes.target(request.client, request.parameters.get("resource"), request.offered, request.issuer)


def scope_of(request: Trusted) -> tuple[str, ...]:
    """The scopes that it may have. Raises InvalidScope, InvalidTarget. RFC 6749 §3.3."""
    declared = request.offered.get(resource_of(request), ())
    return scopes.cut(request.client, request.parameters.get("scope"), declared)


def prompt_of(request: Trusted) -> frozenset[str]:
    """The values of `prompt`. OpenID Connect Core §3.1.2.1."""
    return frozenset(request.parameters.get("prompt", "").split())


def max_age_of(request: Trusted) -> Seconds | None:
    """Seconds since the person last proved who they are, at most. Raises InvalidRequest when it is no number."""
    asked = request.parameters.get("max_age")
    if asked is None:
        return None
    if not _COUNT.fullmatch(asked):
        raise InvalidRequest("`max_age` is not a number of seconds", reason="max_age.malformed")
    return Seconds(int(asked))
