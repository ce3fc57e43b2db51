"""What begins a session, keeps it alive and ends it. NIST SP 800-63B-4 §5; the fixation rule of OWASP ASVS §7.2.4.

The secret is made anew at each sign-in and only its digest is kept, so nobody can plant one. `expires` is the earlier
of idle and absolute lifetime, moved forward by use, at most once a TOUCH.
"""

from __future__ import annotations

from dataclasses import replace

from doorward.core.audit import Caller
from doorward.core.errors import Forbidden
from doorward.core.instant import Instant, Seconds, after
from doorward.core.outcome import Change, Event, Outcome, keep, refuse
from doorward.core.secret import digest
from doorward.core.settings import Settings
from doorward.core.table import Add, Delete, Expect, swap
from doorward.domain.accounts.records import USERS, User
from doorward.domain.sessions.records import SESSIONS, Session

SECRET_PREFIX = "dws"
TOUCH = Seconds(60)
"""A session in use is written at most so often."""
_AGENT_LIMIT = 200


def start(
    user: User,
    *,
    id: str,
    secret: str,
    acr: str,
    amr: tuple[str, ...],
    replaces: str | None,
    caller: Caller,
    now: Instant,
    settings: Settings,
) -> Outcome[Session]:
    """A new session of an active user, in place of the one the browser had before, whosever it was.

    Refuses Forbidden `user.inactive`. Does NOT prove who the user is.
    """
    if user.status != "active":
        return refuse(Forbidden("this account cannot sign in", reason="user.inactive"))
    ends = after(now, settings.session_lifetime)
    session = Session(
        id=id,
        digest=digest(secret),  # nist-800-63b#5.1.1
        user=user.id,
        created=now,
        last_seen=now,
        expires=_expiry(now, ends, settings),
        ends=ends,
        auth_time=now,
        acr=acr,
        amr=amr,
        address=caller.address,
        agent=caller.agent[:_AGENT_LIMIT],
    )
    changes: list[Change] = [_seen(user, now), Add(SESSIONS, session)]
    if replaces:
        changes.append(Delete(SESSIONS, (replaces,)))
    return keep(session, *changes, Event("session.start", user.subject, data={"session": id, "amr": list(amr)}))


def resume(session: Session, user: User | None, now: Instant, settings: Settings) -> Outcome[Session | None]:
    """The session if it is alive and its user active, else None; touched when that is due."""
    if user is None or user.status != "active":
        return keep(None)
    if now >= session.expires or now >= session.ends:  # nist-800-63b#5.2.1
        return keep(None)
    if now < after(session.last_seen, min(TOUCH, Seconds(settings.session_idle // 2))):
        return keep(session)
    touched = swap(SESSIONS, session, last_seen=now, expires=_expiry(now, session.ends, settings))
    return keep(touched.new, touched)


def renewed(session: Session, secret: str) -> Session:
    """The same session under another secret: whoever holds the one before is out."""
    return replace(session, digest=digest(secret), version=session.version + 1)


def end(session: Session) -> Outcome[None]:
    """End one session. Ending one that is over already is no error."""
    return keep(
        None, Delete(SESSIONS, (session.id,)), Event("session.end", f"user:{session.user}", data=_named(session))
    )


def switch(session: Session, organization: str | None, *, member: bool) -> Outcome[Session]:
    """Make an organization the active one, or none. Refuses Forbidden `organization.other` to who is no member."""
    if organization is not None and not member:
        return refuse(
            Forbidden(f"you are not a member of the organization `{organization[:80]}`", reason="organization.other")
        )
    change = swap(SESSIONS, session, organization=organization)
    event = Event("session.switch", f"user:{session.user}", data={**_named(session), "organization": organization})
    return keep(change.new, change, event)


def _expiry(now: Instant, ends: Instant, settings: Settings) -> Instant:
    return min(ends, after(now, settings.session_idle))


def _seen(user: User, now: Instant) -> Change:
    """The user is still as they were read; their last sign-in is written when the one before is a while ago."""
    if user.last_seen is not None and now < after(user.last_seen, TOUCH):
        return Expect(USERS, user)
    return swap(USERS, user, last_seen=now)


def _named(session: Session) -> dict[str, str]:
    return {"session": session.id}
