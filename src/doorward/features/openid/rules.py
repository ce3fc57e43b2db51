"""Which claims about a person a token's scopes show. Pure."""

from __future__ import annotations

from collections.abc import Collection

from doorward.core.errors import InsufficientScope
from doorward.domain.accounts.records import User

CLAIMS = ("sub", "name", "preferred_username", "email", "email_verified")


def userinfo(user: User, scope: Collection[str]) -> dict[str, object]:
    """The claims of OpenID Connect Core §5.4 for these scopes; what is unknown is left out. §5.3.2.

    Raises InsufficientScope without `openid`: a token for an API is no licence to learn who its user is.
    """
    if "openid" not in scope:  # oidc-core#5.3
        raise InsufficientScope("the token does not carry `openid`", reason="scope.missing")
    claims: dict[str, object] = {"sub": user.id}
    if "profile" in scope:
        claims |= {"preferred_username": user.username} | ({"name": user.name} if user.name else {})
    if "email" in scope and user.email is not None:
        claims |= {"email": user.email, "email_verified": user.email_verified}
    return claims
