"""Tokens at work: issued, verified against all they hang on, and revoked.

An access token is a signed JWT and not stored. `verify_access_token` is the one reading that also asks whether it is
still alive; `core.jose.access_token.read_access_token` is the pure half, for who follows the feed instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doorward.core.errors import InvalidToken, Misconfigured
from doorward.core.instant import Instant, Seconds
from doorward.core.jose.access_token import ACCESS_TOKEN_TYPE, AccessToken, access_claims, read_access_token
from doorward.core.jose.algorithms import Algorithm
from doorward.core.jose.encoding import encode
from doorward.core.jose.id_token import ID_TOKEN_TYPE, IdTokenHint, id_claims, read_id_token_hint, token_hash
from doorward.core.jose.signing import compact, signing_input
from doorward.core.jose.verification import key_id
from doorward.core.meta import META, VALID_FROM
from doorward.core.oauth.client import Client
from doorward.core.outcome import keep
from doorward.core.table import Add
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS
from doorward.domain.clients.records import CLIENTS
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.signing_keys.flow import DEFAULT_ALGORITHMS, key_set, signer
from doorward.domain.tokens import rules
from doorward.domain.tokens.records import FAMILIES, REVOKED_TOKENS, Family
from doorward.ports import Storage, World, flow

ACCESS_ALGORITHM, ID_ALGORITHM = DEFAULT_ALGORITHMS


async def access_token(
    world: World,
    *,
    subject: str,
    client_id: str,
    scope: Sequence[str],
    audience: str | Sequence[str],
    family: str | None = None,
    session: str | None = None,
    organization: str | None = None,
    acr: str | None = None,
    amr: Sequence[str] = (),
    auth_time: Instant | None = None,
    algorithm: Algorithm = ACCESS_ALGORITHM,
) -> tuple[str, Seconds]:
    """A signed access token and for how many seconds it holds. RFC 9068 §2.

    `subject` is the plain id. Does NOT ask whether the client may have this scope or audience, nor store anything.
    """
    named = (audience,) if isinstance(audience, str) else tuple(audience)
    if not all(named) or not named:
        raise ValueError("an access token needs an audience")  # rfc9068#3
    lifetime = world.settings.access_token_lifetime
    claims = access_claims(
        issuer=issuer(world),
        subject=subject,
        audience=named,
        client_id=client_id,
        scope=tuple(scope),
        jti="tok_" + encode(world.entropy.bytes(16)),  # never sorted by, so not the dearer time-ordered id
        now=world.clock.now(),
        lifetime=lifetime,
        auth_time=auth_time,
        acr=acr,
        amr=tuple(amr),
        family=family,
        session=session,
        organization=organization,
    )
    return await _signed(world, algorithm, ACCESS_TOKEN_TYPE, claims), lifetime


async def id_token(
    world: World,
    *,
    subject: str,
    client_id: str,
    nonce: str | None = None,
    auth_time: Instant | None = None,
    acr: str | None = None,
    amr: Sequence[str] = (),
    session: str | None = None,
    access_token: str | None = None,
    audience: Sequence[str] = (),
    claims: Mapping[str, object] | None = None,
    algorithm: Algorithm = ID_ALGORITHM,
) -> str:
    """A signed id token; `at_hash` is of `access_token`, `claims` are those about the person. OIDC Core §2, §3.1.3.6.

    Does NOT choose the claims by scope.
    """
    said = id_claims(
        issuer=issuer(world),
        subject=subject,
        client_id=client_id,
        now=world.clock.now(),
        lifetime=world.settings.id_token_lifetime,
        nonce=nonce,
        auth_time=auth_time,
        acr=acr,
        amr=tuple(amr),
        session=session,
        at_hash=None if access_token is None else token_hash(access_token, algorithm),
        audience=tuple(audience),
        extra=claims,
    )
    return await _signed(world, algorithm, ID_TOKEN_TYPE, said)


async def _signed(world: World, algorithm: Algorithm, typ: str, claims: object) -> str:
    key = await signer(world, algorithm)
    message = signing_input(key.algorithm, key.kid, typ, claims)
    return compact(message, await key.sign(message))


async def verify_access_token(world: World, token: str, *, audience: str | None = None) -> AccessToken:
    """The access token, if it is ours, for `audience`, in time, and alive: not revoked, its family, session, client and
    subject all standing. RFC 9068 §4, RFC 7009 §2.

    InvalidToken: `credential.invalid`, `token.expired`, `credential.revoked`, `user.inactive`.
    `audience` None asks for none: only for introspection, which decides on it itself.
    """
    return (await living_token(world, token, audience=audience))[0]


async def living_token(world: World, token: str, *, audience: str | None) -> tuple[AccessToken, Instant]:
    """The same, and when it ends though nothing changes: for whoever remembers it as long as nothing does."""
    read = read_access_token(
        token,
        await key_set(world, key_id(token)),
        issuer=issuer(world),
        audience=audience,
        now=world.clock.now(),
    )
    standing = await _standing(world, read)
    return rules.alive(read, standing), rules.until(read, standing)


async def _standing(world: World, token: AccessToken) -> rules.Standing:
    storage = world.storage
    revoked = await storage.get(REVOKED_TOKENS, token.jti)
    family, session = await _origin(storage, token)
    client = await storage.get(CLIENTS, token.client_id)
    restored = await storage.get(META, VALID_FROM)
    valid_from = Instant(int(restored.value)) if restored else Instant(0)
    if token.subject.startswith("svc_"):
        account = await storage.get(SERVICE_ACCOUNTS, token.subject)
        return rules.Standing(revoked, family, session, account, client, valid_from)
    user = await storage.get(USERS, token.subject)
    return rules.Standing(revoked, family, session, user, client, valid_from)


async def _origin(storage: Storage, token: AccessToken) -> tuple[Family | None, Session | None]:
    if token.family is None:
        return None, None
    family = await storage.get(FAMILIES, token.family)
    if family is None or family.session is None:
        return family, None
    session = await storage.get(SESSIONS, family.session)
    return family, session


async def id_token_hint(world: World, token: str) -> IdTokenHint:
    """An id token of ours that came back, expired or not. Raises InvalidToken. Does NOT compare it with a client."""
    return read_id_token_hint(token, await key_set(world, key_id(token)), issuer=issuer(world))


@flow
async def revoke(world: World, token: str, client: Client) -> None:
    """End this token, if it is the authenticated client's own and still alive; say nothing otherwise. RFC 7009 §2."""
    try:
        read = await verify_access_token(world, token)
    except InvalidToken:
        read = None
    await world.commit(rules.revoke(read, client))


async def open_family(
    world: World,
    *,
    user: str,
    client: str,
    scope: Sequence[str],
    audience: str,
    lifetime: Seconds,
    session: str | None = None,
    organization: str | None = None,
    code: str | None = None,
) -> Family:
    """A new family, saved by itself. A flow with a batch of its own adds `rules.family` to that instead.

    Raises Exists when one was opened from this code before.
    """
    opened = rules.family(
        id=world.new_id("fam"),
        user=user,
        client=client,
        scope=tuple(scope),
        audience=audience,
        now=world.clock.now(),
        lifetime=lifetime,
        session=session,
        organization=organization,
        code=code,
    )
    return await world.commit(keep(opened, Add(FAMILIES, opened)))


@flow
async def end_family(world: World, family: str, reason: str) -> None:
    """End every token of one authorization at once. `reason` is a slug for the record. Nothing if it has ended."""
    if found := await world.storage.get(FAMILIES, family):
        await world.commit(keep(None, *rules.end_family(found, reason)))


def issuer(world: World) -> str:
    """The issuer identifier: the public URL. RFC 8414 §2."""
    if not world.settings.public_url:
        raise Misconfigured("tokens need an issuer", reason="public_url.missing", hint="set DOORWARD_PUBLIC_URL")
    return world.settings.public_url
