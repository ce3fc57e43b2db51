"""Making and changing users and service accounts. What disabling and deleting one takes along is `lifecycle`'s."""

from __future__ import annotations

from doorward.core.errors import Conflict, Exists, NotFound
from doorward.core.outcome import Outcome
from doorward.domain.accounts import rules
from doorward.domain.accounts.records import USERS, ServiceAccount, User
from doorward.ports import World, flow


@flow
async def create_user(world: World, *, username: str, name: str = "", email: str | None = None) -> User:
    """A new user without a password. `credentials.flow.enrol` makes one with.

    Errors: Invalid naming the field; Conflict `username.taken` or `email.taken`.
    """
    return await commit_user(world, rules.new_user(new_record(world, username=username, name=name, email=email)))


@flow
async def update_user(world: World, user: User, *, name: str | None = None, email: str | None = None) -> User:
    """Change the display name or address. None leaves it as it is; an empty `email` removes the address.

    Errors: Invalid naming the field; Conflict `email.taken`; NotFound when the user is gone.
    """
    current = await world.storage.get(USERS, user.id)
    if current is None:
        raise NotFound("the user is gone", reason="user.unknown")
    outcome = rules.changed_user(current, name=name, email=email, trust_email=world.settings.trust_email)
    return await commit_user(world, outcome)


@flow
async def create_service_account(world: World, name: str) -> ServiceAccount:
    """A new service account. Errors: Invalid; Conflict `name.taken`."""
    outcome = rules.new_service_account(world.new_id("svc"), name, world.clock.now())
    try:
        return await world.commit(outcome)
    except Exists:
        raise Conflict(f"a service account is called `{name}` already", reason="name.taken") from None


def new_record(world: World, *, username: str, name: str, email: str | None) -> User:
    """A user record with a fresh id, not yet kept. Invalid naming the field."""
    trust = world.settings.trust_email
    return rules.user_record(world.new_id("usr"), username, name, email, world.clock.now(), trust_email=trust)


async def commit_user(world: World, outcome: Outcome[User]) -> User:
    """Commit a batch that adds or changes a user, saying in its own words which name is taken."""
    try:
        return await world.commit(outcome)
    except Exists as taken:
        if "username_key" in taken.columns:
            raise Conflict("this username is taken", reason="username.taken", hint="choose another one") from None
        if "email_key" in taken.columns:
            raise Conflict("another user has this e-mail address", reason="email.taken") from None
        raise
