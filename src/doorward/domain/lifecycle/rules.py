"""Everything that ends together, as one batch for each event. A new kind of artefact is added here, or it outlives.

INVARIANT: whatever is granted in somebody's name is granted in a batch that expects their record unchanged; every
batch here changes or deletes that record first. So nothing can be granted beside an end that has been acknowledged.
"""

from __future__ import annotations

from collections.abc import Sequence

from doorward.core.access.relation import Relation
from doorward.core.oauth.client import Client
from doorward.core.outcome import Change, Event, Outcome, Unrelate, keep
from doorward.core.table import Delete, DeleteWhere, Expect, Put, swap
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.api_keys.records import API_KEYS
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.records import CONSENTS
from doorward.domain.credentials.records import ATTEMPTS, PASSWORDS
from doorward.domain.credentials.rules import counter_keys
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.tokens.records import FAMILIES, Family


def disable_user(user: User) -> Outcome[User]:
    """No sign-in, no token, no key of theirs works; sessions and token families end. Keys sleep until enabled again."""
    if user.status == "disabled":
        return keep(user)
    change = swap(USERS, user, status="disabled")
    return keep(change.new, change, *signed_out(user.id), Event("user.disable", user.subject))


def enable_user(user: User) -> Outcome[User]:
    """They may sign in again; what ended does not come back."""
    if user.status == "active":
        return keep(user)
    change = swap(USERS, user, status="active")
    return keep(change.new, change, Event("user.enable", user.subject))


def delete_user(user: User, relations: Sequence[Relation]) -> Outcome[None]:
    """The user and all that is theirs. The audit stays: it knows them by their id, which is never used again.

    `relations` are the rows that name them.
    """
    counter = counter_keys(user.username_key, "")[0]
    return keep(
        None,
        Expect(USERS, user),
        Delete(USERS, (user.id,), required=True),
        Delete(PASSWORDS, (user.id,)),
        Delete(ATTEMPTS, (counter,)),
        *signed_out(user.id),
        DeleteWhere(API_KEYS, {"owner": user.subject}),
        DeleteWhere(CONSENTS, {"user": user.id}),
        *(Unrelate(relation) for relation in relations),
        Event("user.delete", user.subject, data={"username": user.username_key}),
    )


def signed_out(user_id: str) -> tuple[Change, ...]:
    """Every session and every token family of a user ends, those that outlive a session too."""
    return DeleteWhere(SESSIONS, {"user": user_id}), DeleteWhere(FAMILIES, {"user": user_id})


def sign_out_everywhere(user: User) -> Outcome[None]:
    """End all of a user's sessions and tokens. What is being started at this moment is lost, too."""
    return keep(None, swap(USERS, user), *signed_out(user.id), Event("user.sign_out", user.subject))


def password_replaced(
    user: User, kept: Session | None, families: Sequence[Family], renewed: Session | None = None
) -> tuple[Change, ...]:
    """What a new password ends: every session but `kept`, every family but those of `kept` (`families`).

    `kept` goes on as `renewed`, under another secret: somebody else may have its cookie too. The user's record is
    counted up, so that whatever was being started with the old password is lost.
    """
    changes: list[Change] = [swap(USERS, user)]
    ours = [family for family in families if kept is not None and family.session == kept.id]
    if kept is not None:
        changes.append(Expect(SESSIONS, kept))
    changes += [Expect(FAMILIES, family) for family in ours]
    changes += signed_out(user.id)
    if renewed is not None:
        changes.append(Put(SESSIONS, renewed))
    return (*changes, *(Put(FAMILIES, family) for family in ours))


def session_ended(session_id: str) -> tuple[Change, ...]:
    """A session and the tokens that live no longer than it."""
    return Delete(SESSIONS, (session_id,)), DeleteWhere(FAMILIES, {"session": session_id})  # nist-800-63b#5.1.2


def sign_out(session: Session) -> Outcome[None]:
    """End this session and its tokens. Doing it twice is no error."""
    event = Event("session.end", f"user:{session.user}", data={"session": session.id})
    return keep(None, *session_ended(session.id), event)


def disable_service_account(account: ServiceAccount) -> Outcome[ServiceAccount]:
    """No token or key of this service account works until it is enabled again."""
    if account.status == "disabled":
        return keep(account)
    change = swap(SERVICE_ACCOUNTS, account, status="disabled")
    return keep(change.new, change, Event("service_account.disable", account.subject))


def enable_service_account(account: ServiceAccount) -> Outcome[ServiceAccount]:
    """Its keys and its client's tokens work again."""
    if account.status == "active":
        return keep(account)
    change = swap(SERVICE_ACCOUNTS, account, status="active")
    return keep(change.new, change, Event("service_account.enable", account.subject))


def delete_service_account(account: ServiceAccount, relations: Sequence[Relation]) -> Outcome[None]:
    """The service account, its keys, and the rows that name it."""
    return keep(None, *_account_gone(account, relations), Event("service_account.delete", account.subject))


def disable_client(client: Client) -> Outcome[Client]:
    """No request and no token of this client is accepted; its token families end. Consents stay."""
    if client.status == "disabled":
        return keep(client)
    change = swap(CLIENTS, client, status="disabled")
    event = Event("client.disable", f"client:{client.client_id}")
    return keep(change.new, change, DeleteWhere(FAMILIES, {"client": client.client_id}), event)


def enable_client(client: Client) -> Outcome[Client]:
    """It may ask for tokens again; families that ended do not come back."""
    if client.status == "active":
        return keep(client)
    change = swap(CLIENTS, client, status="active")
    return keep(change.new, change, Event("client.enable", f"client:{client.client_id}"))


def delete_client(client: Client, account: ServiceAccount | None, relations: Sequence[Relation]) -> Outcome[None]:
    """The client, its families, its consents, and the service account it was."""
    changes: list[Change] = [
        Expect(CLIENTS, client),
        Delete(CLIENTS, (client.client_id,), required=True),
        DeleteWhere(FAMILIES, {"client": client.client_id}),
        DeleteWhere(CONSENTS, {"client": client.client_id}),
    ]
    if account is not None:
        changes += _account_gone(account, relations)
    return keep(None, *changes, Event("client.delete", f"client:{client.client_id}"))


def set_organization_status(organization: Organization, *, active: bool) -> Outcome[Organization]:
    """Open or close an organization. Closed, `decide` allows nothing in it; sessions and keys stay and wait."""
    status, verb = ("active", "enable") if active else ("disabled", "disable")
    if organization.status == status:
        return keep(organization)
    change = swap(ORGANIZATIONS, organization, status=status)
    return keep(change.new, change, Event(f"organization.{verb}", organization.object))


def delete_organization(organization: Organization, relations: Sequence[Relation]) -> Outcome[None]:
    """The organization and `relations`: its members, the roles held in it, and which objects belong to it.

    Sessions, tokens and keys in which it is active stay; `decide` refuses them as `organization.unknown`.
    """
    return keep(
        None,
        Expect(ORGANIZATIONS, organization),
        Delete(ORGANIZATIONS, (organization.id,), required=True),
        *(Unrelate(relation) for relation in relations),
        Event("organization.delete", organization.object),
    )


def _account_gone(account: ServiceAccount, relations: Sequence[Relation]) -> tuple[Change, ...]:
    return (
        Expect(SERVICE_ACCOUNTS, account),
        Delete(SERVICE_ACCOUNTS, (account.id,), required=True),
        DeleteWhere(API_KEYS, {"owner": account.subject}),
        *(Unrelate(relation) for relation in relations),
    )
