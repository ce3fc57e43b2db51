"""Who is told what about a token. Pure."""

from __future__ import annotations

from typing import Any

from doorward.core.errors import InvalidClient
from doorward.core.instant import to_unix
from doorward.core.jose.access_token import AccessToken
from doorward.core.oauth.client import Client
from doorward.core.outcome import Event, Outcome, keep, refuse


def permit(client: Client) -> Outcome[Client]:
    """Only a client that has proven itself may ask: whoever found a token could name a public one. RFC 7662 §2.1."""
    if client.public:  # rfc7662#2.1
        error = InvalidClient("introspection is for clients with a secret", reason="client.public")
        return refuse(error, Event("introspection.refuse", f"client:{client.client_id}", "refused", error.reason))
    return keep(client)


def answer(client: Client, token: AccessToken | None) -> dict[str, Any]:
    """What this client is told of a token; None is one that is not alive. RFC 7662 §2.2, RFC 9470 §6.2.

    It is told of its own tokens, and of those whose audience is the resource server it speaks for (`resource`), by
    equality. Anything else looks exactly like a token that does not exist.
    """
    if token is None or not concerns(client, token):  # rfc7662#2.2
        return {"active": False}
    said = {
        "active": True,
        "scope": " ".join(token.scope),
        "client_id": token.client_id,
        "token_type": "Bearer",
        "exp": to_unix(token.expires),
        "iat": to_unix(token.issued),
        "sub": token.subject,
        "aud": token.audience[0] if len(token.audience) == 1 else list(token.audience),
        "iss": token.issuer,
        "jti": token.jti,
        "acr": token.acr,
        "amr": list(token.amr) or None,
        "auth_time": None if token.auth_time is None else to_unix(token.auth_time),
        "sid": token.session,
        "org_id": token.organization,
    }
    return {name: value for name, value in said.items() if value is not None}


def concerns(client: Client, token: AccessToken) -> bool:
    """Whether the token was issued to this client, or for the resource server that it speaks for."""
    return token.client_id == client.client_id or (client.resource is not None and client.resource in token.audience)
