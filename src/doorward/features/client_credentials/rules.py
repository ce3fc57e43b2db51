"""Which principal, audience and scopes a client gets for itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doorward.core.errors import UnauthorizedClient
from doorward.core.oauth import scopes
from doorward.core.oauth.client import Client


@dataclass(frozen=True, slots=True)
class Given:
    """What the token is for. `subject` is the service account's id."""

    subject: str
    audience: str
    scope: tuple[str, ...]


def give(
    client: Client,
    active: bool,
    parameters: Mapping[str, str],
    offered: Mapping[str, tuple[str, ...]],
    issuer: str,
) -> Given:
    """The token's subject, audience and scopes; `active` is its service account's. RFC 6749 §4.4, RFC 8707 §2.

    OpenID Connect's scopes are about a person and never given here. Raises UnauthorizedClient when the client is public
    or its service account is disabled or gone, InvalidTarget, InvalidScope.
    """
    if client.public:  # rfc6749#4.4.2
        raise UnauthorizedClient("a public client has no principal of its own", reason="client.public")
    if client.service_account is None or not active:
        raise UnauthorizedClient("the client's service account is disabled or gone", reason="user.inactive")
    audience = scopes.target(client, parameters.get("resource"), offered, issuer)
    granted = scopes.cut(client, parameters.get("scope"), offered.get(audience, ()), standard=())
    return Given(client.service_account, audience, granted)
