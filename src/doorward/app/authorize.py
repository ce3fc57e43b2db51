"""Who may call the administration API: credential proven, permission decided, refusal recorded."""

from __future__ import annotations

from dataclasses import asdict, replace

from starlette.requests import Request
from starlette.types import Scope

from doorward.core.decision import DENY_REASONS, Decision, Deny
from doorward.core.errors import DoorwardError, Forbidden, Invalid, Unauthenticated
from doorward.core.outcome import Event, refuse
from doorward.core.principal import Principal
from doorward.domain.decisions.authenticate import authenticate_session, prove
from doorward.domain.decisions.flow import allows, decide
from doorward.engine import RelationIndex
from doorward.features.checks.hot import Known
from doorward.guard import bearer
from doorward.guard.cache import Proven, TokenCache
from doorward.guard.gate import Guard
from doorward.guard.rules import MISSING, Refused
from doorward.ports import World
from doorward.web import cookies
from doorward.web.api.endpoint import Authorize


def guard(world: World, *, audience: str | None, explain: bool = False) -> Guard:
    """The guard of one API: verified credentials are remembered until the feed says that they changed."""
    cache = TokenCache(world.settings.token_cache)
    relations = world.relations
    assert isinstance(relations, RelationIndex)
    relations.follow(cache)

    async def authenticate(credential: str) -> Proven:
        proof = await prove(world, credential, audience=audience)
        return Proven(proof.principal, proof.rests_on)

    async def by_session(secret: str) -> Principal | None:
        return await authenticate_session(world, secret)

    def asked(
        principal: Principal, permission: str, object: str | None = None, organization: str | None = None
    ) -> Decision:
        return decide(world, principal, permission, object, organization)

    return Guard(
        authenticate=authenticate,
        authenticate_session=by_session,
        decide=asked,
        refresh=relations.refresh,
        clock=world.clock,
        cache=cache,
        audience=audience,
        public_url=world.settings.public_url,
        explain=explain,
    )


def authorizer(door: Guard) -> Authorize:
    """What the endpoint layer asks before each operation. The cookie's origin has been seen to there."""

    async def authorize(world: World, request: Request, permission: str | None) -> Principal:
        principal = await _caller(door, world, request)
        if permission is not None:
            decision = door.decide(principal, permission)
            if isinstance(decision, Deny):
                await refuse_call(world, principal, permission, decision)
        return principal

    return authorize


def known_caller(door: Guard, world: World) -> Known:
    """The caller of a request, if the credential was verified before and they may do what is named: without I/O."""

    def known(scope: Scope, permission: str) -> Principal | None:
        token = bearer_token(scope["headers"])
        principal = None if token is None else door.known(token)
        return principal if principal is not None and allows(world, principal, permission) else None

    return known


async def _caller(door: Guard, world: World, request: Request) -> Principal:
    token = bearer_token(request.scope["headers"])
    if token is not None:
        return await proven(door, world, token)
    secret = cookies.session_secret(request)
    if secret is None:
        raise Unauthenticated(MISSING.description, reason=MISSING.reason, hint=MISSING.hint)
    principal = await door.authenticate_session(secret)
    if principal is None:
        raise Unauthenticated("the session has ended", reason="credential.invalid", hint="sign in again")
    return principal


def bearer_token(headers: bearer.RawHeaders) -> str | None:
    """The Bearer credential in the Authorization header, or None. Raises Unauthenticated or Invalid."""
    try:
        return bearer.token(bearer.read(headers))
    except Refused as refused:
        said = refused.refusal
        kind = Unauthenticated if said.status == 401 else Invalid
        raise kind(said.description, reason=said.reason, hint=said.hint) from None


async def proven(door: Guard, world: World, token: str) -> Principal:
    """The caller of this credential; a refused one is recorded once. Raises Unauthenticated, InvalidToken."""
    known = door.known(token)
    if known is not None:
        return known
    try:
        return await door.verified(token)
    except DoorwardError as error:
        if error.status == 401 and not error.recorded:
            await world.commit(refuse(error, Event("call.refuse", "api:doorward", "refused", error.reason)))
        raise


async def refuse_call(world: World, principal: Principal, permission: str, deny: Deny) -> None:
    """Record a call that was denied, with its decision, and raise Forbidden with the decision's id.

    `doorward why ID` shows what is kept here. Of a caller who is refused all the time not every decision is, and then
    no id is given: see `core.audit.refusals`.
    """
    caller = replace(world.caller, actor=principal.subject, credential=principal.credential)
    if not world.refusals.admit(caller.sender, world.clock.now()):
        raise Forbidden(DENY_REASONS[deny.reason], reason=deny.reason, hint=deny.fix)
    event = Event(
        "call.refuse", f"permission:{permission}", "refused", deny.reason, recorded(deny, principal, permission)
    )
    error = Forbidden(DENY_REASONS[deny.reason], reason=deny.reason, hint=deny.fix or f"doorward why {deny.id}")
    error.decision = deny.id
    await world.on_behalf_of(caller).commit(refuse(error, event))


def recorded(decision: Decision, principal: Principal, permission: str) -> dict[str, object]:
    """A decision as an audit event keeps it."""
    return {
        "decision": decision.id,
        "subject": principal.subject,
        "permission": permission,
        "trace": [asdict(step) for step in decision.trace],
        "fix": "" if decision else decision.fix,
        "revision": decision.revision,
    }
