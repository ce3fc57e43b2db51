"""Who is calling: from a Bearer credential or a session's secret to a Principal. The only way to one over the network.

Nothing is taken from the credential but who it is and what it carries; whether they still stand (owner active, not
revoked, session alive) is asked of the database each time. A cache may keep a Proof while none of `rests_on` changes.
"""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.errors import InvalidToken, Unauthenticated
from doorward.core.instant import Instant
from doorward.core.jose.access_token import AccessToken
from doorward.core.jose.verification import key_id
from doorward.core.principal import Principal
from doorward.core.table import Value
from doorward.domain.accounts.reads import principal_record
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.api_keys.flow import find
from doorward.domain.api_keys.records import API_KEY_PREFIX, API_KEYS, ApiKey
from doorward.domain.clients.records import CLIENTS
from doorward.domain.sessions.flow import resume
from doorward.domain.sessions.records import SESSIONS
from doorward.domain.signing_keys.records import SIGNING_KEYS
from doorward.domain.tokens.flow import living_token
from doorward.domain.tokens.records import FAMILIES, REVOKED_TOKENS
from doorward.ports import World

Row = tuple[str, tuple[Value, ...]]
"""A row by its table's name and primary key, as the change feed names it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified credential: the caller, and the rows whose change, or appearance, may end it.

    INVARIANT: while none of them changes it holds until `principal.expires`, and no moment longer.
    """

    principal: Principal
    rests_on: frozenset[Row]


async def authenticate(world: World, credential: str, *, audience: str | None) -> Principal:
    """The caller that this Bearer credential stands for. As `prove`, without what a cache needs."""
    return (await prove(world, credential, audience=audience)).principal


async def prove(world: World, credential: str, *, audience: str | None) -> Proof:
    """Verify an API key (`dw_…`) or an access token meant for `audience`, and say what its life hangs on.

    Raises Unauthenticated or InvalidToken: `credential.invalid`, `credential.revoked`, `token.expired`,
    `user.inactive`. `audience` None means the setting `resource`; with neither, no token is meant for this API. An API
    key has no audience. Does NOT decide what the caller may do; does NOT take a session's secret.
    """
    if credential.startswith(API_KEY_PREFIX + "_"):
        return await _by_api_key(world, credential)
    meant = audience or world.settings.resource
    if not meant:
        raise InvalidToken(
            "this API accepts no tokens: it has no audience",
            reason="credential.invalid",
            hint="set DOORWARD_RESOURCE to the identifier of its resource server",
        )
    token, until = await living_token(world, credential, audience=meant)
    holder = _active(await principal_record(world, token.principal))
    return Proof(_of_token(token, holder, until), _rests_on_token(token, key_id(credential) or ""))


async def authenticate_session(world: World, secret: str) -> Principal | None:
    """The caller whose live session has this secret, or None. Counts as use of the session. Carries everything."""
    found = await resume(world, secret)
    if found is None:
        return None
    session, user = found
    return Principal(
        subject=user.subject,
        credential_kind="session",
        credential=session.id,
        name=user.name or user.username,
        organization=session.organization,
        acr=session.acr,
        amr=session.amr,
        auth_time=session.auth_time,
        expires=session.expires,
    )


async def _by_api_key(world: World, secret: str) -> Proof:
    key = await find(world, secret)
    owner = _active(await principal_record(world, key.owner))
    return Proof(_of_key(key, owner), frozenset({(API_KEYS.name, (key.id,)), _row(owner)}))


def _active(holder: User | ServiceAccount | None) -> User | ServiceAccount:
    if holder is None or holder.status != "active":
        raise Unauthenticated("the user or service account is disabled or gone", reason="user.inactive")
    return holder


def _of_key(key: ApiKey, owner: User | ServiceAccount) -> Principal:
    return Principal(
        subject=owner.subject,
        credential_kind="api_key",
        credential=key.id,
        name=_name(owner),
        organization=key.organization,
        scopes=None if key.scope is None else frozenset(key.scope),
        expires=key.expires,
    )


def _of_token(token: AccessToken, holder: User | ServiceAccount, until: Instant) -> Principal:
    return Principal(
        subject=holder.subject,
        credential_kind="token",
        credential=token.jti,
        name=_name(holder),
        client=token.client_id,
        organization=token.organization,
        scopes=frozenset(token.scope),
        audience=token.audience,
        acr=token.acr,
        amr=token.amr,
        auth_time=token.auth_time,
        expires=until,
    )


def _rests_on_token(token: AccessToken, kid: str) -> frozenset[Row]:
    holder = SERVICE_ACCOUNTS if token.principal.startswith("service_account:") else USERS
    rows: set[Row] = {
        (holder.name, (token.subject,)),
        (CLIENTS.name, (token.client_id,)),
        (REVOKED_TOKENS.name, (token.jti,)),
        (SIGNING_KEYS.name, (kid,)),
    }
    if token.family is not None:
        rows.add((FAMILIES.name, (token.family,)))
    if token.session is not None:
        rows.add((SESSIONS.name, (token.session,)))
    return frozenset(rows)


def _row(holder: User | ServiceAccount) -> Row:
    return (USERS.name if isinstance(holder, User) else SERVICE_ACCOUNTS.name, (holder.id,))


def _name(holder: User | ServiceAccount) -> str:
    return holder.name or (holder.username if isinstance(holder, User) else "")
