"""Decisions about consent: what is remembered, and what withdrawing takes away. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from doorward.core.instant import Instant
from doorward.core.outcome import Change, Event
from doorward.core.table import Add, Delete, swap
from doorward.domain.consents.records import CONSENTS, Consent


def give(
    before: Consent | None, user: str, client: str, scope: Sequence[str], now: Instant
) -> tuple[Consent, tuple[Change, ...]]:
    """The consent that now holds, and the changes that make it so: what was given before and these scopes.

    Giving what was given changes nothing. Makes no audit event: whoever asked records it with what followed.
    """
    if before is None:
        consent = Consent(user, client, tuple(scope), given=now)
        return consent, (Add(CONSENTS, consent),)
    if covers(before, scope):
        return before, ()
    change = swap(CONSENTS, before, scope=tuple(dict.fromkeys([*before.scope, *scope])), given=now)
    return change.new, (change,)


def covers(consent: Consent | None, scope: Sequence[str]) -> bool:
    """Whether every one of these scopes was consented to."""
    return consent is not None and set(scope) <= set(consent.scope)


def withdrawal(consent: Consent) -> tuple[Change, ...]:
    """What ends a consent, for a batch that also deletes the token families of this user and client.

    Does NOT end tokens by itself: families are a storey above this one.
    """
    event = Event("consent.withdraw", f"client:{consent.client}", data={"user": consent.user})
    return Delete(CONSENTS, (consent.user, consent.client), required=True), event
