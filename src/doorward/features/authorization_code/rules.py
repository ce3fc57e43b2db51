"""Decisions about codes: issuing one, redeeming it, and what happens when it is presented wrongly or twice. Pure.

A code is good for one attempt by its client. Presented with a wrong verifier, redirect URI or resource it is used up
without opening anything: whoever holds it without the rest stole it, and gets no second guess. Another client's attempt
is refused and leaves it alone, so that no client can use up another's codes. Presented again after use, by whomever and
however, it ends the family of tokens that it opened (RFC 6749 §4.1.2), for as long as the row is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from doorward.core.errors import AccessDenied, InvalidGrant, InvalidRequest, OAuthError
from doorward.core.instant import DAY, Instant, Seconds, after
from doorward.core.oauth.client import Client
from doorward.core.oauth.request import Consented, Person, Redemption, TokenRequest
from doorward.core.oauth.stages import redeemable
from doorward.core.outcome import Change, Event, Outcome, keep, refuse
from doorward.core.table import Add, Delete, Expect, Table, swap
from doorward.domain.accounts.records import USERS, User
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.records import CONSENTS, Consent
from doorward.domain.consents.rules import covers, give
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.tokens.records import FAMILIES, Family
from doorward.domain.tokens.rules import family
from doorward.features.authorization_code.records import AUTHORIZATION_CODES, AuthorizationCode

CODE_PREFIX = "dwac"
KEPT = DAY
"""How long a code's row is kept after it was issued, to know a replay."""
LEEWAY = Seconds(60)
"""A family outlives its access token by this, for clocks that differ."""
QUERY_LIMIT = 6000
"""Characters of an authorization request; with room for what sign-in adds to it."""
_FIELD_LIMIT = 100


def parameters_of(query: str) -> tuple[dict[str, str], frozenset[str]]:
    """The parameters given once, and the names given more often. RFC 6749 §3.1: without a value counts as omitted.

    Raises InvalidRequest when it is too long or no urlencoded UTF-8.
    """
    if len(query) > QUERY_LIMIT:
        raise InvalidRequest("the request is too long", reason="request.too_long")
    try:
        query.encode("ascii")
        pairs = parse_qsl(query, errors="strict", max_num_fields=_FIELD_LIMIT)
    except ValueError:
        raise InvalidRequest("the request is not urlencoded UTF-8", reason="request.malformed") from None
    names = [name for name, _ in pairs]
    repeated = frozenset(name for name in names if names.count(name) > 1)
    return {name: value for name, value in pairs if name not in repeated}, repeated


def issue(
    consented: Consented,
    user: User,
    before: Consent | None,
    *,
    asked: bool,
    digest: str,
    now: Instant,
    lifetime: Seconds,
) -> Outcome[None]:
    """A code for what was consented to; with the consent itself when the person was `asked`. RFC 6749 §4.1.2.

    Loses the batch when the user or the client changed meanwhile. Refuses AccessDenied for a user who is not active,
    and when the consent that answered for them was withdrawn meanwhile.
    """
    valid, person = consented.valid, consented.person
    client = valid.trusted.client
    if user.status != "active":
        return refuse(AccessDenied("this account cannot be used", reason="user.inactive"))
    consented_to = asked or covers(before, valid.scope)
    if not consented_to and not client.first_party:
        return refuse(AccessDenied("the person has withdrawn their consent", reason="consent.withdrawn"))
    code = AuthorizationCode(
        digest=digest,
        client=client.client_id,
        redirect_uri=valid.trusted.redirect_uri,
        code_challenge=valid.code_challenge,
        user=person.user,
        session=person.session,
        scope=valid.scope,
        resource=valid.resource,
        auth_time=person.auth_time,
        acr=person.acr,
        amr=person.amr,
        issued=now,
        valid_until=after(now, lifetime),
        expires=after(now, KEPT),
        by_consent=consented_to,
        nonce=valid.nonce,
        organization=person.organization,
    )
    _, remembered = give(before, person.user, client.client_id, valid.scope, now) if asked else (before, ())
    data = {"user": person.user, "scope": list(valid.scope), "resource": valid.resource, "asked": asked}
    event = Event("authorization.allow", f"client:{client.client_id}", data=data)
    guards = (Expect(USERS, user), Expect(CLIENTS, client))
    return keep(None, *remembered, *guards, Add(AUTHORIZATION_CODES, code), event)


def deny(client: Client, person: Person) -> Outcome[None]:
    """The person said no. RFC 6749 §4.1.2.1 access_denied; recorded."""
    target, data = f"client:{client.client_id}", {"user": person.user}
    event = Event("authorization.deny", target, "refused", "consent.denied", data)
    return refuse(AccessDenied("the person did not allow this", reason="consent.denied"), event)


@dataclass(frozen=True, slots=True)
class Held:
    """What the database says about a presented code. None is: there is no such row, or it has expired."""

    code: AuthorizationCode | None
    session: Session | None = None
    user: User | None = None
    consent: Consent | None = None
    family: Family | None = None


def redeem(
    held: Held, request: TokenRequest, *, family_id: str, now: Instant, lifetime: Seconds
) -> Outcome[AuthorizationCode]:
    """Use the code up and open the family `family_id`, in one step. RFC 6749 §4.1.3.

    `lifetime` is the access token's. The reply is the code as used. Errors InvalidGrant, InvalidTarget; see above for
    what each refusal keeps. Does NOT authenticate the client.
    """
    code, client = held.code, request.client
    if code is None:
        return _refused(request, InvalidGrant("the code is unknown or too old", reason="code.unknown"))
    if code.used is not None:  # rfc6749#4.1.2
        return _replayed(request, held.family)
    try:
        redeemable(request.steps, _redemption(code, request))
    except OAuthError as error:
        own = code.client == client.client_id
        return _refused(request, error, *([swap(AUTHORIZATION_CODES, code, used=now)] if own else []))
    if now >= code.valid_until:  # rfc6749#4.1.2-expiry
        return _refused(request, InvalidGrant("the code is unknown or too old", reason="code.expired"))
    if (lost := _lost(code, held, client)) is not None:
        return _refused(request, lost, swap(AUTHORIZATION_CODES, code, used=now))
    return _opened(code, held, client, family_id=family_id, now=now, lifetime=lifetime)


def _lost(code: AuthorizationCode, held: Held, client: Client) -> InvalidGrant | None:
    """What the code rested on and is no more: the sign-in, the person's account, their consent, that it is ours."""
    session, user = held.session, held.user
    if session is None or session.user != code.user or user is None or user.status != "active":
        return InvalidGrant("the person has signed out or can no longer sign in", reason="session.ended")
    if (code.by_consent or not client.first_party) and not covers(held.consent, code.scope):
        return InvalidGrant("the person has withdrawn their consent", reason="consent.withdrawn")
    return None


def _opened(
    code: AuthorizationCode, held: Held, client: Client, *, family_id: str, now: Instant, lifetime: Seconds
) -> Outcome[AuthorizationCode]:
    """The code as used, the family in the same batch, and everything it rests on expected unchanged."""
    used = swap(AUTHORIZATION_CODES, code, used=now, family=family_id)
    opened = family(
        id=family_id,
        user=code.user,
        client=code.client,
        scope=code.scope,
        audience=code.resource,
        now=now,
        lifetime=Seconds(lifetime + LEEWAY),
        session=code.session,
        organization=code.organization,
        code=code.digest,
    )
    event = Event("code.redeem", f"client:{code.client}", data={"user": code.user, "family": family_id})
    rests_on: list[tuple[Table[Any], object]] = [(USERS, held.user), (SESSIONS, held.session), (CLIENTS, client)]
    if code.by_consent:
        rests_on.append((CONSENTS, held.consent))
    return keep(used.new, used, Add(FAMILIES, opened), *(Expect(table, row) for table, row in rests_on), event)


def _redemption(code: AuthorizationCode, request: TokenRequest) -> Redemption:
    return Redemption(
        client=request.client,
        parameters=request.parameters,
        issued_to=code.client,
        redirect_uri=code.redirect_uri,
        code_challenge=code.code_challenge,
        resource=code.resource,
    )


def _replayed(request: TokenRequest, opened: Family | None) -> Outcome[AuthorizationCode]:
    error = InvalidGrant("the code was used before; what it opened has been closed", reason="code.replayed")
    return _refused(request, error, *([Delete(FAMILIES, (opened.id,))] if opened is not None else []), opened=opened)


def _refused(
    request: TokenRequest, error: OAuthError, *changes: Change, opened: Family | None = None
) -> Outcome[AuthorizationCode]:
    data = {} if opened is None else {"family": opened.id, "user": opened.user}
    event = Event("token.refuse", f"client:{request.client.client_id}", "refused", error.reason, data)
    return refuse(error, *changes, event)
