"""The grant: load the client's principal and the catalogue, decide, sign. It changes nothing, so it records nothing."""

from __future__ import annotations

from doorward.core.oauth.request import TokenReply, TokenRequest
from doorward.domain.tokens.flow import access_token, issuer
from doorward.features.client_credentials import rules
from doorward.ports import World


async def redeem(world: World, request: TokenRequest) -> TokenReply:
    """An access token for the client's own service account, never a refresh or an id token. RFC 6749 §4.4.3."""
    client = request.client
    with world.relations.still():
        active, offered = world.catalogue.active(f"service_account:{client.service_account}"), world.catalogue.offered()
    given = rules.give(client, active, request.parameters, offered, issuer(world))
    token, lifetime = await access_token(
        world, subject=given.subject, client_id=client.client_id, scope=given.scope, audience=given.audience
    )
    return TokenReply(
        {"access_token": token, "token_type": "Bearer", "expires_in": lifetime, "scope": " ".join(given.scope)}
    )
