"""The guard itself: from raw headers to a Principal, from a Principal to an allow, or a Refused.

The order is fixed: the credential, then (for a cookie) where the request came from, then the spelling of the ids,
then the decision. Each step that can't be taken refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from doorward.core.decision import Decision, Deny
from doorward.core.errors import DoorwardError, Invalid
from doorward.core.principal import Principal
from doorward.guard import bearer, rules
from doorward.guard.bearer import Headers, RawHeaders
from doorward.guard.cache import Proven, TokenCache, fingerprint
from doorward.guard.rules import FOREIGN_ORIGIN, NOT_FOUND, Denial, Refusal, Refused, Requirement
from doorward.ports import Clock

WEBSOCKET = "WEBSOCKET"
"""The method of a WebSocket handshake: no safe one, since a browser opens it for any page and sends the cookie."""

_SESSION_OVER = Refusal(401, "unauthenticated", "credential.invalid", "the session has ended", hint="sign in again")


class Authenticate(Protocol):
    """Verifies a Bearer credential for this guard's audience. Raises Unauthenticated or InvalidToken."""

    async def __call__(self, credential: str) -> Proven: ...


class AuthenticateSession(Protocol):
    """The caller whose session cookie holds this secret, or None."""

    async def __call__(self, secret: str) -> Principal | None: ...


class Decide(Protocol):
    """The one decision path, domain.decisions.decide, with the world filled in."""

    def __call__(
        self, principal: Principal, permission: str, object: str | None = None, organization: str | None = None
    ) -> Decision: ...


@dataclass(frozen=True, slots=True)
class Identifier:
    """An id that a route was called with: the value the handler gets, and how it was spelled in the request."""

    value: object
    raw: str


@dataclass(frozen=True)
class Guard:
    """One API's guard. `audience` is the resource that tokens must be meant for; `public_url` where browsers see this
    app, or empty; `explain` tells refused callers what would allow them, for development only."""

    authenticate: Authenticate
    authenticate_session: AuthenticateSession
    decide: Decide
    refresh: Callable[[], object]
    clock: Clock
    cache: TokenCache
    audience: str | None = None
    public_url: str = ""
    explain: bool = False

    @property
    def realm(self) -> str:
        """What challenges call this place."""
        return self.audience or self.public_url or "doorward"

    async def caller(self, raw: RawHeaders, *, method: str, scheme: str) -> Principal:
        """Who is calling. `scheme` is http or https; `method` is WEBSOCKET for a handshake.

        Raises Refused: 401, 400 for a credential sent twice, 403 for a cookie from a foreign page, 503 where nobody
        can tell. Does NOT decide whether they may.
        """
        headers = bearer.read(raw)
        token = bearer.token(headers)
        try:
            if token is not None:
                return self.known(token) or await self.verified(token)
            return await self._by_cookie(headers, method, scheme)
        except DoorwardError as error:
            raise Refused(rules.unproven(error)) from error

    def known(self, token: str) -> Principal | None:
        """The caller of a token that was verified before and still holds; None if it must be verified."""
        self.refresh()
        return self.cache.get(fingerprint(token, self.audience), self.clock.now())

    async def verified(self, token: str) -> Principal:
        """The caller of a token, proven now and remembered."""
        ticket = self.cache.begin()
        proven = await self.authenticate(token)
        self.cache.put(fingerprint(token, self.audience), proven, ticket)
        return proven.principal

    def admit(
        self, principal: Principal, requirement: Requirement, *, id: Identifier | None, org: Identifier | None
    ) -> Decision | None:
        """The allow that lets this call in; None where being known is all that is demanded. Raises Refused."""
        if requirement.permission is None:
            return None
        object = organization = None
        if requirement.id is not None:
            object = f"{requirement.type}:{_spelled(id)}"
        if requirement.org is not None:
            organization = _spelled(org)
        try:
            decision = self.decide(principal, requirement.permission, object, organization)
        except Invalid:  # no thing can have such an id
            raise Refused(NOT_FOUND) from None
        except DoorwardError as error:
            raise Refused(rules.unproven(error)) from error
        if isinstance(decision, Deny):
            refusal = rules.denied(decision, requirement, explain=self.explain)
            raise Refused(refusal, Denial(decision, object, organization))
        return decision

    async def _by_cookie(self, headers: Headers, method: str, scheme: str) -> Principal:
        names = bearer.cookie_names(self.public_url, scheme, headers.host)
        secret = bearer.session_secret(headers, names)
        if secret is None:
            raise Refused(rules.MISSING)
        if method not in rules.SAFE_METHODS and not rules.same_origin(
            origins=headers.origin, sites=headers.site, own=self._origins(scheme, headers.host), host=headers.host
        ):
            raise Refused(FOREIGN_ORIGIN)
        principal = await self.authenticate_session(secret)
        if principal is None:
            raise Refused(_SESSION_OVER)
        return principal

    def _origins(self, scheme: str, host: str) -> tuple[str, ...]:
        own = (f"{scheme}://{host}",) if host else ()
        if not self.public_url:
            return own
        parts = urlsplit(self.public_url)
        return (f"{parts.scheme}://{parts.netloc}", *own)


def _spelled(identifier: Identifier | None) -> str:
    """The id to decide on; 404 for a missing one and for every spelling but its own."""
    id = rules.canonical(identifier.value, identifier.raw) if identifier is not None else None
    if id is None:
        raise Refused(NOT_FOUND)
    return id
