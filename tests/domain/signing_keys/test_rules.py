"""Which keys there are, and what of them is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.instant import Instant
from doorward.core.outcome import Event
from doorward.core.table import Add, Swap
from doorward.domain.signing_keys.records import SigningKey
from doorward.domain.signing_keys.rules import install, jwks
from tests.core.jose.keys import made

NOW = Instant(1_000)
KEY = SigningKey(made("ES256").kid, "ES256", made("ES256").jwk, b"sealed", Instant(0))


def test_the_first_is_added() -> None:
    outcome = install(KEY, None, NOW)
    assert outcome.reply == replace(KEY, signs="ES256", created=NOW)
    assert [type(change) for change in outcome.changes] == [Add, Event]


def test_the_next_retires_the_last() -> None:
    old = replace(KEY, kid="old", signs="ES256")
    retire, add, *events = install(KEY, old, NOW).changes
    assert isinstance(retire, Swap)
    assert (retire.new.signs, retire.new.retired, retire.new.version) == (None, NOW, 2)
    assert isinstance(add, Add)
    assert [event.action for event in events if isinstance(event, Event)] == [
        "signing_key.retire",
        "signing_key.create",
    ]


@pytest.mark.spec("rfc7517#9.2")
def test_only_public_members_are_published() -> None:
    leaky = replace(KEY, public={**KEY.public, "d": "secret", "k": "secret", "oth": []})
    assert jwks([leaky]) == {"keys": [made("ES256").jwk]}
    assert jwks([]) == {"keys": []}


def test_those_that_sign_come_first_then_the_youngest() -> None:
    keys = [
        replace(KEY, kid="a", public={"kid": "a"}, created=Instant(1)),
        replace(KEY, kid="b", public={"kid": "b"}, created=Instant(2)),
        replace(KEY, kid="c", public={"kid": "c"}, created=Instant(0), signs="ES256"),
    ]
    assert [key["kid"] for key in jwks(keys)["keys"]] == ["c", "b", "a"]
