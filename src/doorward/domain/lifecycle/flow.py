"""Signing in and out, changing a password, and disabling or deleting who and what there is: one batch each."""

from __future__ import annotations

from doorward.core.access.relation import DEFAULT_STORE, RELATIONS, Relation, assignment
from doorward.core.errors import Exists, LostRace, NotFound
from doorward.core.oauth.client import Client
from doorward.core.outcome import Outcome, keep
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.clients.records import CLIENTS
from doorward.domain.credentials.flow import acceptable, hash_acceptable, verified
from doorward.domain.credentials.records import PASSWORDS
from doorward.domain.credentials.rules import new_password
from doorward.domain.lifecycle import rules
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.roles.records import ROLES
from doorward.domain.sessions.flow import begun, renewed
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.tokens.records import FAMILIES, Family
from doorward.ports import World, flow

_PAGE = 1000


async def sign_in(world: World, username: str, password: str, replaces: str | None = None) -> tuple[Session, str]:
    """A new session for who knows the password, and the secret for its cookie.

    `replaces` is the id of the session the browser had: it and its tokens end in the same batch.
    Raises Unauthenticated `sign_in.refused` (the same for every cause) or Throttled.
    """
    secret = ""

    async def begin(user: User) -> Outcome[Session]:
        nonlocal secret
        outcome, secret = begun(world, user, acr=world.settings.assurance, amr=("pwd",), replaces=replaces)
        ended = rules.session_ended(replaces) if replaces else ()
        return Outcome((*outcome.changes, *ended), outcome.reply, outcome.error)

    session = await verified(world, username, password, begin)
    return session, secret


@flow
async def sign_out(world: World, session: Session) -> None:
    """End this session and the tokens that live no longer than it. Doing it twice is no error."""
    await world.commit(rules.sign_out(session))


@flow
async def sign_out_everywhere(world: World, user: User) -> None:
    """End every session and token of this user."""
    await world.commit(rules.sign_out_everywhere(await _user(world, user.id)))


async def change_password(world: World, user: User, old: str, new: str, *, kept: Session | None = None) -> str | None:
    """Replace a password by someone who knows the old one. Ends every session but `kept`, every token but its own.

    The reply is the secret that the cookie of `kept` has from now on; None when nothing was kept.
    Errors: Invalid from the policy; Unauthenticated `sign_in.refused` or Throttled as for a sign-in.
    """
    accepted = await acceptable(world, user, new)
    hashed = ""

    async def replace(current: User) -> Outcome[str | None]:
        nonlocal hashed
        hashed = hashed or await world.hasher.hash(accepted)
        row = await world.storage.get(PASSWORDS, current.id)
        session, families = await _kept(world, current, kept)
        goes_on, secret = renewed(world, session) if session else (None, None)
        ended = rules.password_replaced(current, session, families, goes_on)
        return keep(secret, *new_password(current, row, hashed, world.clock.now()).changes, *ended)

    return await verified(world, user.username, old, replace, rehash=False)


async def reset_password(world: World, user: User, new: str) -> None:
    """Give a user another password without asking for the old one, for an administrator: ends all they have open.

    Errors: Invalid from the policy; NotFound. Does NOT ask whether the caller may.
    """
    await _reset(world, user.id, await hash_acceptable(world, user, new))


@flow
async def _reset(world: World, user_id: str, hashed: str) -> None:
    user = await _user(world, user_id)
    row = await world.storage.get(PASSWORDS, user_id)
    changed = new_password(user, row, hashed, world.clock.now())
    try:
        await world.commit(keep(None, *changed.changes, *rules.password_replaced(user, None, ())))
    except Exists as taken:
        raise LostRace("a password was set meanwhile") from taken


@flow
async def disable_user(world: World, user: User) -> User:
    """As `rules.disable_user`. NotFound when they are gone."""
    return await world.commit(rules.disable_user(await _user(world, user.id)))


@flow
async def enable_user(world: World, user: User) -> User:
    """As `rules.enable_user`. NotFound when they are gone."""
    return await world.commit(rules.enable_user(await _user(world, user.id)))


@flow
async def delete_user(world: World, user: User) -> None:
    """As `rules.delete_user`. NotFound when they are gone already."""
    found = await _user(world, user.id)
    await world.commit(rules.delete_user(found, await _naming(world, found.subject)))


@flow
async def disable_service_account(world: World, account: ServiceAccount) -> ServiceAccount:
    """As `rules.disable_service_account`. NotFound when it is gone."""
    return await world.commit(rules.disable_service_account(await _account(world, account.id)))


@flow
async def enable_service_account(world: World, account: ServiceAccount) -> ServiceAccount:
    """As `rules.enable_service_account`. NotFound when it is gone."""
    return await world.commit(rules.enable_service_account(await _account(world, account.id)))


@flow
async def delete_service_account(world: World, account: ServiceAccount) -> None:
    """As `rules.delete_service_account`. NotFound when it is gone already."""
    found = await _account(world, account.id)
    await world.commit(rules.delete_service_account(found, await _naming(world, found.subject)))


@flow
async def disable_client(world: World, client: Client) -> Client:
    """As `rules.disable_client`. NotFound when it is gone."""
    return await world.commit(rules.disable_client(await _client(world, client.client_id)))


@flow
async def enable_client(world: World, client: Client) -> Client:
    """As `rules.enable_client`. NotFound when it is gone."""
    return await world.commit(rules.enable_client(await _client(world, client.client_id)))


@flow
async def delete_client(world: World, client: Client) -> None:
    """As `rules.delete_client`. NotFound when it is gone already."""
    found = await _client(world, client.client_id)
    account, relations = None, list[Relation]()
    if found.service_account is not None:
        account = await world.storage.get(SERVICE_ACCOUNTS, found.service_account)
        relations = await _naming(world, f"service_account:{found.service_account}")
    await world.commit(rules.delete_client(found, account, relations))


@flow
async def disable_organization(world: World, organization: Organization) -> Organization:
    """As `rules.set_organization_status`. NotFound when it is gone."""
    found = await _organization(world, organization.id)
    return await world.commit(rules.set_organization_status(found, active=False))


@flow
async def enable_organization(world: World, organization: Organization) -> Organization:
    """As `rules.set_organization_status`. NotFound when it is gone."""
    found = await _organization(world, organization.id)
    return await world.commit(rules.set_organization_status(found, active=True))


@flow
async def delete_organization(world: World, organization: Organization) -> None:
    """As `rules.delete_organization`. NotFound when it is gone already."""
    found = await _organization(world, organization.id)
    relations = await _naming(world, found.object)
    relations += await _rows(world, subject=f"{found.object}#member")
    after: tuple[str, ...] | None = None
    while roles := await world.storage.page(ROLES, after=after):
        for role in roles:
            relations += await _rows(world, object=assignment(role.name, found.object, "").object)
        after = (roles[-1].name,)
    await world.commit(rules.delete_organization(found, relations))


async def _kept(world: World, user: User, kept: Session | None) -> tuple[Session | None, list[Family]]:
    """The session to keep as it stands now, if it is this user's and alive, and its families."""
    if kept is None:
        return None, []
    session = await world.storage.get(SESSIONS, kept.id)
    if session is None or session.user != user.id:
        return None, []
    families: list[Family] = []
    while page := await world.storage.page(
        FAMILIES, {"session": session.id}, after=(families[-1].id,) if families else None
    ):
        families += page
    return session, families


async def _naming(world: World, name: str) -> list[Relation]:
    """The rows of the application's store in which this subject is the subject, or the object."""
    return await _rows(world, subject=name) + await _rows(world, object=name)


async def _rows(world: World, **where: str) -> list[Relation]:
    rows: list[Relation] = []
    after: tuple[str, ...] | None = None
    while page := await world.storage.page(RELATIONS, {"store": DEFAULT_STORE, **where}, after=after, limit=_PAGE):
        rows += page
        after = (page[-1].store, page[-1].object, page[-1].relation, page[-1].subject)
    return rows


async def _user(world: World, id: str) -> User:
    found = await world.storage.get(USERS, id)
    if found is None:
        raise NotFound("the user is gone", reason="user.unknown")
    return found


async def _account(world: World, id: str) -> ServiceAccount:
    found = await world.storage.get(SERVICE_ACCOUNTS, id)
    if found is None:
        raise NotFound("the service account is gone", reason="service_account.unknown")
    return found


async def _client(world: World, id: str) -> Client:
    found = await world.storage.get(CLIENTS, id)
    if found is None:
        raise NotFound("the client is gone", reason="client.unknown")
    return found


async def _organization(world: World, id: str) -> Organization:
    found = await world.storage.get(ORGANIZATIONS, id)
    if found is None:
        raise NotFound("the organization is gone", reason="organization.unknown")
    return found
