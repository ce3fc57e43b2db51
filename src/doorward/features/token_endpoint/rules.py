"""Which grant a token request asks for, and whether its client may. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from doorward.core.errors import InvalidRequest, OAuthError, UnauthorizedClient, UnsupportedGrantType
from doorward.core.oauth.client import Client
from doorward.core.outcome import Event, Outcome, refuse


def grant_type(parameters: Mapping[str, str], built: Collection[str]) -> str:
    """The grant asked for, of those that are built. Raises InvalidRequest, UnsupportedGrantType. RFC 6749 §5.2."""
    asked = parameters.get("grant_type")
    if not asked:
        raise InvalidRequest("`grant_type` is missing", reason="grant_type.missing")
    if asked not in built:
        raise UnsupportedGrantType(
            f"the grant type `{asked[:80]}` is not offered",
            reason="grant_type.unknown",
            hint="one of " + ", ".join(sorted(built)),
        )
    return asked


def permit(client: Client, grant: str) -> None:
    """Raises UnauthorizedClient unless the client is registered for this grant. RFC 6749 §5.2."""
    if grant not in client.grant_types:  # rfc6749#5.2
        raise UnauthorizedClient(
            f"this client is not registered for `{grant}`",
            reason="client.grant",
            hint="add it to the client's grant_types",
        )


def refused(client: Client | None, error: OAuthError) -> Outcome[None]:
    """The one event that a refused token request leaves behind, and the error."""
    name = f"client:{client.client_id}" if client is not None else "client:unknown"
    return refuse(error, Event("token.refuse", name, "refused", error.reason))
