"""The chain of seals, without a database."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import fields, replace

import pytest

from doorward.core.audit import AUDIT_EVENTS, AuditEvent
from doorward.core.instant import Instant
from doorward.core.table import Add, Put, Swap
from doorward.domain.audit import rules
from doorward.domain.audit.records import AUDIT_HEADS, AuditHead

NOW = Instant(1_800_000_000_000_000)


def mac(purpose: str, message: bytes) -> bytes:
    return hmac.digest(b"key" + purpose.encode(), message, hashlib.sha256)


def event(number: int) -> AuditEvent:
    return AuditEvent(
        f"evt_{number}", NOW, "user:usr_1", "role.assign", "role:clerk", "ok", data={"b": 1, "a": [number]}
    )


def chain(count: int) -> tuple[AuditHead, list[AuditEvent]]:
    outcome = rules.seal_all(None, [event(number) for number in range(count)], mac, NOW)
    assert outcome.reply is not None
    return outcome.reply, [change.record for change in outcome.changes if isinstance(change, Put)]


def test_nothing_to_seal_changes_nothing() -> None:
    assert rules.seal_all(None, [], mac, NOW).changes == ()
    head, _ = chain(2)
    assert rules.seal_all(head, [], mac, NOW).reply == head


def test_a_chain_begins_and_goes_on() -> None:
    head, sealed = chain(3)
    assert (head.count, head.seal, head.version) == (3, sealed[-1].seal, 1)
    more = rules.seal_all(head, [event(9)], mac, NOW)
    first, put = more.changes
    assert isinstance(first, Swap)
    assert isinstance(put, Put)
    assert more.reply is not None
    assert (more.reply.count, more.reply.version) == (4, 2)
    assert rules.check_event(put.record, 4, head.seal, mac) is None
    assert rules.check_head(more.reply, 4, put.record.seal, mac) is None
    assert isinstance(rules.seal_all(None, [event(1)], mac, NOW).changes[0], Add)
    assert (AUDIT_EVENTS.name, AUDIT_HEADS.name) == ("audit_events", "audit_heads")


OTHER = {"at": Instant(1), "data": {"b": 2, "a": [0]}}


@pytest.mark.parametrize("name", [field.name for field in fields(AuditEvent) if field.name != "seal"])
def test_a_change_to_any_field_shows(name: str) -> None:
    _, [sealed] = chain(1)
    assert rules.check_event(sealed, 1, "", mac) is None
    changed = replace(sealed, **{name: OTHER.get(name, "other")})
    assert rules.check_event(changed, 1, "", mac) is not None


def test_a_seal_from_elsewhere_shows() -> None:
    _, [one, two] = chain(2)
    for seal in ("", "x", "1", "0" * 12, "00000000000²" + "x" * 43, two.seal, one.seal[:-1], one.seal + "A"):
        assert rules.check_event(replace(one, seal=seal), 1, "", mac) is not None
    assert rules.check_event(two, 2, "", mac) is not None
    assert rules.check_event(two, 1, one.seal, mac) is not None


def test_another_key_makes_other_seals() -> None:
    _, [sealed] = chain(1)
    assert rules.check_event(sealed, 1, "", lambda purpose, message: mac("x" + purpose, message)) is not None


def test_the_head_says_where_the_chain_ends() -> None:
    head, sealed = chain(3)
    assert rules.check_head(None, 0, "", mac) is None
    assert rules.check_head(None, 3, head.seal, mac) is not None
    assert rules.check_head(head, 2, sealed[1].seal, mac) is not None
    made_up = replace(head, count=2, seal=sealed[1].seal)
    assert rules.check_head(made_up, 2, sealed[1].seal, mac) is not None
