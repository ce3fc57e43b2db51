"""The operations on sessions. A session is named by its public id; the cookie's secret is kept nowhere."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.errors import NotFound
from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.accounts.reads import user as found_user
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.sessions import reads
from doorward.domain.sessions.records import Session
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/sessions"


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in browser as administrators see it."""

    id: str
    user: str
    organization: str | None
    acr: str
    amr: tuple[str, ...]
    address: str
    agent: str
    created: str
    last_seen: str
    expires: str


class Sessions(msgspec.Struct, frozen=True, kw_only=True):
    """A page of sessions; `next` is the `after` of the next page, or None at the end."""

    items: list[SessionView]
    next: str | None


class ListSessions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose sessions."""

    user: Annotated[str, Meta(description="Username or id.")]
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class EndSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One session."""

    session: Annotated[str, Meta(description="The session's id: ses_….")]


class EndSessions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of one user's sessions."""

    user: Annotated[str, Meta(description="Username or id.")]


def view(session: Session) -> SessionView:
    """The session without the digest of its secret."""
    return SessionView(
        id=session.id,
        user=session.user,
        organization=session.organization,
        acr=session.acr,
        amr=session.amr,
        address=session.address,
        agent=session.agent,
        created=to_text(session.created),
        last_seen=to_text(session.last_seen),
        expires=to_text(session.expires),
    )


async def list_sessions(world: World, principal: Principal, request: ListSessions) -> Sessions:
    """A page of a user's live sessions."""
    user = await found_user(world, request.user)
    some = await reads.of_user(world, user.id, after=request.after or None, limit=request.limit)
    return Sessions(items=[view(session) for session in some], next=some[-1].id if len(some) == request.limit else None)


async def end_session(world: World, principal: Principal, request: EndSession) -> None:
    """End it at once, with the tokens that live no longer than it."""
    session = await reads.by_id(world, request.session)
    if session is None:
        raise NotFound("there is no such session", reason="session.unknown", hint="it may have ended already")
    await lifecycle.sign_out(world, session)


async def end_sessions(world: World, principal: Principal, request: EndSessions) -> None:
    """Sign a user out everywhere: every session and token of theirs ends."""
    await lifecycle.sign_out_everywhere(world, await found_user(world, request.user))


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_sessions", "GET", _PATH, "List a user's sessions.", "dw_session:list", ListSessions, Sessions,
        list_sessions, "session list", ("user",),
    ),
    Operation(
        "end_session", "DELETE", _PATH + "/{session}", "End a session.", "dw_session:end", EndSession,
        type(None), end_session, "session end", ("session",),
    ),
    Operation(
        "end_sessions", "POST", "/api/v1/users/{user}/sign-out", "Sign a user out everywhere.", "dw_session:end",
        EndSessions, type(None), end_sessions, "session end-all", ("user",),
    ),
)  # fmt: skip
