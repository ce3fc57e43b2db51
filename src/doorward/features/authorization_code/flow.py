"""Authorization requests and codes at work: load what the rules need, decide, commit."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from doorward.core.errors import Exists, InvalidRequest, InvalidToken, LostRace
from doorward.core.instant import HOUR, Instant, after
from doorward.core.oauth.request import Consented, Person, Received, Standing, TokenReply, TokenRequest, Trusted, Valid
from doorward.core.secret import digest, new_secret, same
from doorward.domain.accounts.records import USERS, User
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.reads import consent
from doorward.domain.roles.reads import resource_servers
from doorward.domain.sessions.flow import resume
from doorward.domain.sessions.records import SESSIONS
from doorward.domain.tokens.flow import access_token, id_token, id_token_hint, issuer
from doorward.domain.tokens.records import FAMILIES
from doorward.features.authorization_code import rules
from doorward.features.authorization_code.records import AUTHORIZATION_CODES, AuthorizationCode
from doorward.ports import World, flow

SINCE = "dw_since"
"""The parameter that we add to a request when we send its browser to sign in: when that was, under our seal."""


async def received(world: World, query: str) -> Received:
    """The request as it came, with its client and the catalogue beside it. Errors InvalidRequest."""
    parameters, repeated = rules.parameters_of(query)
    client = await world.storage.get(CLIENTS, parameters.get("client_id", ""))
    offered = {server.identifier: server.permissions for server in await resource_servers(world)}
    return Received(parameters, client, issuer(world), offered, repeated)


async def standing(world: World, request: Valid, secret: str | None, *, allowed: bool) -> tuple[Standing, User | None]:
    """Who is signed in by this session cookie, what they allowed before, and whom the request means.

    Errors InvalidRequest for an `id_token_hint` that is none of ours for this client.
    """
    now = world.clock.now()
    since, meant = opened_since(world, request.trusted.parameters, now), await _meant(world, request.trusted)
    found = None if secret is None else await resume(world, secret)
    if found is None:
        return Standing(None, now, since, meant=meant), None
    session, user = found
    given = await consent(world, user.id, request.trusted.client.client_id)
    person = Person(user.id, session.id, session.auth_time, session.acr, session.amr, session.organization)
    return Standing(person, now, since, None if given is None else given.scope, allowed, meant), user


async def _meant(world: World, request: Trusted) -> str | None:
    """The user of the `id_token_hint`, expired or not, that this client sends back. OIDC Core §3.1.2.1."""
    sent = request.parameters.get("id_token_hint")
    if sent is None:
        return None
    try:
        hint = await id_token_hint(world, sent)
    except InvalidToken as error:
        raise InvalidRequest("`id_token_hint` is no id token of ours", reason="hint.invalid") from error
    if request.client.client_id not in hint.audience:
        raise InvalidRequest("`id_token_hint` is another client's", reason="hint.client")
    return hint.subject


def sealed(world: World, parameters: Mapping[str, str]) -> dict[str, str]:
    """The request's parameters, with the sealed time of now. It fits these parameters and no others."""
    now = world.clock.now()
    return {**parameters, SINCE: f"{now}.{_seal(world, parameters, str(now))}"}


def opened_since(world: World, parameters: Mapping[str, str], now: Instant) -> Instant | None:
    """When this very request sent the browser to sign in, if our seal says so and it is less than an hour ago."""
    at, _, seal = parameters.get(SINCE, "").partition(".")
    if not (at.isascii() and at.isdecimal() and len(at) < 20):
        return None
    since = Instant(int(at))
    if not same(seal, _seal(world, parameters, at)) or not since <= now < after(since, HOUR):
        return None
    return since


def _seal(world: World, parameters: Mapping[str, str], at: str) -> str:
    said = urlencode(sorted((name, value) for name, value in parameters.items() if name != SINCE))
    mac = world.keyring.mac("authorize.since", f"{at}\0{said}".encode())
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


@flow
async def issue(world: World, consented: Consented, *, asked: bool) -> str:
    """A new code, kept nowhere but in the answer. `asked`: the person was, and their consent is remembered."""
    client, person = consented.valid.trusted.client, consented.person
    user = await world.storage.get(USERS, person.user)
    if user is None:
        raise InvalidRequest("the account is gone", reason="user.inactive")
    before = await consent(world, person.user, client.client_id)
    code = new_secret(rules.CODE_PREFIX, world.entropy.bytes(32))
    outcome = rules.issue(
        consented,
        user,
        before,
        asked=asked,
        digest=digest(code),
        now=world.clock.now(),
        lifetime=world.settings.code_lifetime,
    )
    try:
        await acting(world, person).commit(outcome)
    except Exists as taken:  # allowed twice at once, by a double click
        raise LostRace("the consent was given meanwhile") from taken
    return code


async def deny(world: World, request: Trusted, person: Person) -> None:
    """Record that the person said no. Always raises AccessDenied."""
    await acting(world, person).commit(rules.deny(request.client, person))


def acting(world: World, person: Person) -> World:
    """The world in which this person acts, for the record."""
    return world.on_behalf_of(replace(world.caller, actor=f"user:{person.user}", credential=person.session))


async def redeem(world: World, request: TokenRequest) -> TokenReply:
    """The grant: a code for an access token and, with `openid`, an id token. RFC 6749 §4.1.3, OIDC Core §3.1.3.

    With `openid` the issuer is an audience too, for userinfo.
    """
    code = await use(world, request)
    person = "openid" in code.scope
    own = issuer(world)
    token, lifetime = await access_token(
        world,
        subject=code.user,
        client_id=code.client,
        scope=code.scope,
        audience=tuple(dict.fromkeys((code.resource, own) if person else (code.resource,))),
        family=code.family,
        session=code.session,
        organization=code.organization,
        acr=code.acr,
        amr=code.amr,
        auth_time=code.auth_time,
    )
    body: dict[str, object] = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": " ".join(code.scope),
    }
    if person:
        body["id_token"] = await id_token(
            world,
            subject=code.user,
            client_id=code.client,
            nonce=code.nonce,
            auth_time=code.auth_time,
            acr=code.acr,
            amr=code.amr,
            session=code.session,
            access_token=token,
        )
    return TokenReply(body)


@flow
async def use(world: World, request: TokenRequest) -> AuthorizationCode:
    """Use the code up, in one atomic step with the family that it opens. Errors InvalidRequest, InvalidGrant."""
    presented = request.parameters.get("code")
    if presented is None:
        raise InvalidRequest("`code` is missing", reason="code.missing")
    held = await _held(world, digest(presented))
    outcome = rules.redeem(
        held,
        request,
        family_id=world.new_id("fam"),
        now=world.clock.now(),
        lifetime=world.settings.access_token_lifetime,
    )
    return await world.commit(outcome)


async def _held(world: World, key: str) -> rules.Held:
    storage = world.storage
    code = await storage.get(AUTHORIZATION_CODES, key)
    if code is None:
        return rules.Held(None)
    if code.used is not None:
        opened = await storage.get(FAMILIES, code.family or "")
        return rules.Held(code, family=opened)
    session = await storage.get(SESSIONS, code.session)
    user = await storage.get(USERS, code.user)
    return rules.Held(code, session, user, await consent(world, code.user, code.client))
