"""The chain of seals: what each event's seal is made of, and how a break in it is told.

A seal is twelve digits of the event's place in the chain and a MAC, under a key derived from the server key, of the
seal before it and every field of the event. Places have no gaps, and the head says which is the last. So a field that
was changed, an event that was deleted, swapped or inserted, and a tail that was cut off all show.

Does NOT find: an event that was deleted before it was sealed; a whole database put back to an older copy of itself,
head and all. Whoever fears the latter writes the head down elsewhere: sealing returns it, and the job logs it.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import msgspec

from doorward.core.audit import AUDIT_EVENTS, AuditEvent
from doorward.core.instant import Instant
from doorward.core.outcome import Change, Outcome, keep
from doorward.core.secret import same
from doorward.core.table import Add, Put, swap
from doorward.domain.audit.records import AUDIT_HEADS, CHAIN, AuditHead

Mac = Callable[[str, bytes], bytes]
"""`Keyring.mac`: purpose, message."""

_PURPOSE, _HEAD_PURPOSE = "audit seal", "audit head"
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold: the place, the event found there if any, and what is wrong."""

    place: int
    event: str
    problem: str


def seal_all(head: AuditHead | None, events: Sequence[AuditEvent], mac: Mac, now: Instant) -> Outcome[AuditHead | None]:
    """Seal these unsealed events, in this order, behind the head. No events: nothing changes."""
    if not events:
        return keep(head)
    count, last = (head.count, head.seal) if head else (0, "")
    changes: list[Change] = []
    for event in events:
        count += 1
        last = seal(event, count, last, mac)
        changes.append(Put(AUDIT_EVENTS, replace(event, seal=last)))
    new = AuditHead(CHAIN, count, last, now, head_mac(count, last, mac))
    if head is None:
        return keep(new, Add(AUDIT_HEADS, new), *changes)
    change = swap(AUDIT_HEADS, head, count=count, seal=last, sealed=now, mac=new.mac)
    return keep(change.new, change, *changes)


def seal(event: AuditEvent, place: int, before: str, mac: Mac) -> str:
    """The seal of an event at this place of the chain, behind the seal `before`. All its fields count but `seal`."""
    told = [getattr(event, field.name) for field in fields(event) if field.name != "seal"]
    message = msgspec.json.encode([before, place, told], order="deterministic")
    return f"{place:0{_DIGITS}d}" + _text(mac(_PURPOSE, message))


def head_mac(count: int, last: str, mac: Mac) -> str:
    """What proves a head to be ours."""
    return _text(mac(_HEAD_PURPOSE, msgspec.json.encode([count, last])))


def place_of(seal: str) -> int | None:
    """The place a seal claims; None when it is no seal."""
    digits = seal[:_DIGITS]
    return int(digits) if len(digits) == _DIGITS and digits.isascii() and digits.isdigit() else None


def check_event(event: AuditEvent, place: int, before: str, mac: Mac) -> Break | None:
    """Whether the event that stands at this place of the chain was sealed there, behind `before`."""
    if place_of(event.seal) != place:
        return Break(place, event.id, "an event is missing before this one, or its seal was changed")
    if not same(event.seal, seal(event, place, before, mac)):
        return Break(place, event.id, "this event was changed, or one before it")
    return None


def check_head(head: AuditHead | None, count: int, last: str, mac: Mac) -> Break | None:
    """Whether the chain ends where the head says, and the head is ours."""
    if head is None:
        return Break(count, "", "the head of the chain is missing") if count else None
    if not same(head.mac, head_mac(head.count, head.seal, mac)):
        return Break(head.count, "", "the head of the chain was changed")
    if (head.count, head.seal) != (count, last):
        return Break(head.count, "", "events are missing at the end of the chain")
    return None


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
