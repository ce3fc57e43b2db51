"""Userinfo: whose token it is, as far as its scopes show."""

from __future__ import annotations

from doorward.core.errors import InvalidToken
from doorward.domain.accounts.records import USERS
from doorward.domain.tokens.flow import issuer, verify_access_token
from doorward.features.openid import rules
from doorward.ports import World


async def userinfo(world: World, token: str) -> dict[str, object]:
    """The claims for a living access token that has us as an audience. OIDC Core §5.3.

    Errors InvalidToken, InsufficientScope.
    """
    read = await verify_access_token(world, token, audience=issuer(world))
    user = await world.storage.get(USERS, read.subject)
    if user is None:
        raise InvalidToken("the token is not a person's", reason="user.inactive")
    return rules.userinfo(user, read.scope)
