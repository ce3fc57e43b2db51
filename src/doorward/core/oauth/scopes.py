"""What a token may carry: scopes cut by what the client may ask, what the resource server declares, what was asked.

A scope is a permission of the audience (`invoice:read`) or one of OpenID Connect's. It never grants: whether its
bearer may do it is decided on each call. Consent cuts once more, later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from doorward.core.access.relation import RESERVED
from doorward.core.errors import Invalid, InvalidScope, InvalidTarget
from doorward.core.oauth.client import Client

OPENID_SCOPES = ("openid", "profile", "email")
"""OpenID Connect Core §5.4. `offline_access` is not offered."""

_TOKENS = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*")
MAX_LENGTH = 4000


def words(scope: str) -> tuple[str, ...]:
    """The scopes of a `scope` parameter, each once, in order. RFC 6749 §3.3. Raises InvalidScope when malformed."""
    if len(scope) > MAX_LENGTH or not _TOKENS.fullmatch(scope):
        raise InvalidScope("`scope` is not words parted by one space", reason="scope.malformed")
    return tuple(dict.fromkeys(scope.split(" ")))


def cut(
    client: Client, asked: str | None, declared: Sequence[str], standard: Sequence[str] = OPENID_SCOPES
) -> tuple[str, ...]:
    """The scopes a token for this audience gets: what was asked, less what the client may not and nobody declares.

    Asking nothing asks for the client's registered scopes, or every declared permission when it has none
    (RFC 6749 §3.3: a default, and the reply says what was granted). Raises InvalidScope when nothing is left of what
    was asked: a token that carries nothing would only fail later. Does NOT apply consent.
    """
    known = {*standard, *declared}
    wanted: Iterable[str] = words(asked) if asked else client.scope or declared
    granted = tuple(word for word in wanted if word in known)
    if client.scope:
        granted = tuple(word for word in granted if word in client.scope)  # rfc6749#3.3
    if asked and not granted:
        raise InvalidScope(
            "none of the scopes asked for can be given to this client for this resource",
            reason="scope.none",
            hint="a scope is a permission of the resource server, or openid, profile, email",
        )
    return granted


def target(client: Client, asked: str | None, offered: Mapping[str, Sequence[str]], issuer: str) -> str:
    """The one audience of the token: what was asked, the client's default, the only resource server, or the issuer.

    `offered` maps each declared resource server to its permissions; doorward's own is never the default. With none or
    several declared it is the issuer: such a token is good for userinfo alone. Raises InvalidTarget when the asked one
    is not declared (RFC 8707 §2).
    """
    if asked is not None:
        if asked not in offered:  # rfc8707#2
            raise InvalidTarget(
                f"`{asked[:200]}` is not a resource server of this installation", reason="resource.unknown"
            )
        return asked
    if client.resource is not None:
        if client.resource not in offered:
            raise InvalidTarget("the client's default resource is no resource server", reason="resource.unknown")
        return client.resource
    others = [
        identifier for identifier, permissions in offered.items() if not _our_own(identifier, permissions, issuer)
    ]
    return others[0] if len(others) == 1 else issuer


def _our_own(identifier: str, permissions: Sequence[str], issuer: str) -> bool:
    """Whether it is this server itself, or its administration API, which a client has to ask for by name."""
    return identifier == issuer or (bool(permissions) and all(one.startswith(RESERVED) for one in permissions))


def check(scope: Iterable[str]) -> None:
    """Raises Invalid unless each is one scope word that can be registered."""
    for word in scope:
        if not _TOKENS.fullmatch(word) or " " in word:
            raise Invalid(f"`{word[:80]}` is not one scope", reason="scope.malformed")


def text(scope: str) -> str:
    """A scope as a person reads it on the consent page."""
    known = {
        "openid": "know who you are",
        "profile": "see your name and username",
        "email": "see your e-mail address",
    }
    kind, _, verb = scope.partition(":")
    return known.get(scope) or f"{verb or 'use'} {kind}".replace("_", " ")
