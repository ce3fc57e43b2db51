"""What keeps a token alive, and what ends it. Pure: rows in, a verdict or an Outcome out."""

from __future__ import annotations

from dataclasses import dataclass

from doorward.core.errors import InvalidToken
from doorward.core.instant import Instant, Seconds, after
from doorward.core.jose.access_token import AccessToken
from doorward.core.oauth.client import Client
from doorward.core.outcome import Change, Event, Outcome, keep
from doorward.core.table import Delete, Put
from doorward.domain.accounts.records import ServiceAccount, User
from doorward.domain.sessions.records import Session
from doorward.domain.tokens.records import FAMILIES, REVOKED_TOKENS, Family, RevokedToken

REMEMBERED = Seconds(60)
"""A revoked token is remembered for so long after its end: another node's clock may be behind."""


@dataclass(frozen=True, slots=True)
class Standing:
    """All rows that a token's life hangs on, as read now; None is: there is no such row (any more). `valid_from` is
    when the database was last restored from a backup: what was issued before, it cannot answer for."""

    revoked: RevokedToken | None
    family: Family | None
    session: Session | None
    subject: User | ServiceAccount | None
    client: Client | None
    valid_from: Instant = Instant(0)


def alive(token: AccessToken, standing: Standing) -> AccessToken:
    """The token, if everything it hangs on still stands; InvalidToken (`credential.revoked`, `user.inactive`) else.

    RFC 7009 §2, RFC 9700 §4.14. Fail closed: a row that is gone is a reason to refuse.
    """
    if standing.revoked is not None:
        raise _ended("the token was revoked")  # rfc7009#2.1.2
    if token.issued < standing.valid_from:
        raise _ended("the token is older than the restored database")  # the list of those revoked may have been shorter
    if token.family is not None and not _family_holds(token, standing):
        raise _ended("what the token came from has ended")
    if standing.client is None or standing.client.status != "active":
        raise _ended("the token's client is disabled or gone")
    if standing.subject is None or standing.subject.status != "active":
        raise InvalidToken("the user or service account is disabled or gone", reason="user.inactive")
    return token


def until(token: AccessToken, standing: Standing) -> Instant:
    """When a living token ends if nothing changes: with its own time, its family's or its session's, the first of them.

    Using a session moves its end; that is a change of its row, which whoever remembers this hears of.
    """
    rows = [] if token.family is None else [row for row in (standing.family, standing.session) if row is not None]
    return min(token.expires, *(row.expires for row in rows)) if rows else token.expires


def _family_holds(token: AccessToken, standing: Standing) -> bool:
    family = standing.family
    if family is None or (family.id, family.user, family.client) != (token.family, token.subject, token.client_id):
        return False
    return family.session is None or (standing.session is not None and standing.session.user == family.user)


def _ended(description: str) -> InvalidToken:
    return InvalidToken(description, reason="credential.revoked")


def revoke(token: AccessToken | None, client: Client) -> Outcome[None]:
    """A client's wish to end this token. RFC 7009 §2.1.

    None is a token that is none, or dead already. Both that and another client's token are answered like success: §2.2,
    and a client learns nothing of tokens that are not its own. Does NOT end the token's family.
    """
    if token is None or token.client_id != client.client_id:  # rfc7009#2.1
        return keep(None)
    row = RevokedToken(token.jti, after(token.expires, REMEMBERED))
    event = Event("token.revoke", f"client:{client.client_id}", data={"token": token.jti})
    return keep(None, Put(REVOKED_TOKENS, row), event)


def end_family(family: Family, reason: str) -> tuple[Change, ...]:
    """What ends all tokens of one authorization, for a batch: the row goes, and the record says why."""
    event = Event(
        "family.end", f"family:{family.id}", reason=reason, data={"user": family.user, "client": family.client}
    )
    return Delete(FAMILIES, (family.id,)), event


def family(
    *,
    id: str,
    user: str,
    client: str,
    scope: tuple[str, ...],
    audience: str,
    now: Instant,
    lifetime: Seconds,
    session: str | None = None,
    organization: str | None = None,
    code: str | None = None,
) -> Family:
    """A new family of tokens; the flow that redeems a code adds it in the batch that uses the code up."""
    return Family(
        id=id,
        user=user,
        client=client,
        scope=scope,
        audience=audience,
        created=now,
        expires=after(now, lifetime),
        session=session,
        organization=organization,
        code=code,
    )
