"""Starting, resuming, switching and ending sessions. What dies with one besides is `lifecycle`'s."""

from __future__ import annotations

from doorward.core.access.relation import MEMBER
from doorward.core.errors import Forbidden
from doorward.core.outcome import Outcome
from doorward.core.secret import digest, new_secret, well_formed
from doorward.domain.accounts.records import USERS, User
from doorward.domain.relations.reads import names_of
from doorward.domain.sessions import rules
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.ports import World, flow


@flow
async def start(
    world: World, user: User, *, acr: str, amr: tuple[str, ...], replaces: str | None = None
) -> tuple[Session, str]:
    """A new session of this user and the secret for its cookie, which is kept nowhere.

    `replaces` is the id of the session the browser had: it ends in the same batch. Refuses Forbidden `user.inactive`.
    Does NOT end what hung on the replaced session: `lifecycle.flow.sign_in` does.
    """
    current = await world.storage.get(USERS, user.id)
    if current is None:
        raise Forbidden("this account cannot sign in", reason="user.inactive")
    outcome, secret = begun(world, current, acr=acr, amr=amr, replaces=replaces)
    return await world.commit(outcome), secret


def begun(
    world: World, user: User, *, acr: str, amr: tuple[str, ...], replaces: str | None
) -> tuple[Outcome[Session], str]:
    """The batch that starts a session, not yet committed, and the secret: for a flow that does more in one batch."""
    secret = new_secret(rules.SECRET_PREFIX, world.entropy.bytes(32))
    outcome = rules.start(
        user,
        id=world.new_id("ses"),
        secret=secret,
        acr=acr,
        amr=amr,
        replaces=replaces,
        caller=world.caller,
        now=world.clock.now(),
        settings=world.settings,
    )
    return outcome, secret


def renewed(world: World, session: Session) -> tuple[Session, str]:
    """The session under another secret, not yet committed, and the secret for its cookie."""
    secret = new_secret(rules.SECRET_PREFIX, world.entropy.bytes(32))
    return rules.renewed(session, secret), secret


@flow
async def resume(world: World, secret: str) -> tuple[Session, User] | None:
    """The live session of a cookie's secret and its active user, or None. Counts as use of the session."""
    if not well_formed(secret, rules.SECRET_PREFIX):
        return None
    session = await world.storage.find(SESSIONS, digest=digest(secret))
    if session is None:
        return None
    user = await world.storage.get(USERS, session.user)
    alive = await world.commit(rules.resume(session, user, world.clock.now(), world.settings))
    return (alive, user) if alive and user else None


async def end(world: World, session: Session) -> None:
    """End this session; ending twice is no error. Does NOT end its tokens: `lifecycle.flow.sign_out` does."""
    await world.commit(rules.end(session))


@flow
async def switch_organization(world: World, session: Session, organization: str | None) -> Session:
    """Make an organization the session's active one, or none. Forbidden unless the user is its member.

    Errors: Forbidden `organization.other` (not a member, disabled or unknown alike); LostRace when it has ended.
    """
    current = await world.storage.get(SESSIONS, session.id)
    if current is None:
        raise Forbidden("the session has ended", reason="credential.revoked")
    member = organization is not None and is_member(world, organization, f"user:{current.user}")
    return await world.commit(rules.switch(current, organization, member=member))


def is_member(world: World, organization: str, subject: str) -> bool:
    """Whether the organization is active and the subject one of its members, directly or through groups."""
    with world.relations.still():
        if world.catalogue.organization(organization) != "active":
            return False
        names = names_of(world.relations, subject)
        return any(world.relations.holds(f"organization:{organization}", MEMBER, name) for name in names)
