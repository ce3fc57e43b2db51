"""Which signing keys there are: the first, a new one in place of an old one, and the document that publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from doorward.core.instant import Instant
from doorward.core.outcome import Event, Outcome, keep
from doorward.core.table import Add, swap
from doorward.domain.signing_keys.records import SIGNING_KEYS, SigningKey

_PUBLIC = frozenset({"kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"})


def install(new: SigningKey, old: SigningKey | None, now: Instant) -> Outcome[SigningKey]:
    """Let `new` sign by its algorithm, and retire the `old` one that did.

    INVARIANT: one key at most signs by an algorithm. Without `old` that is `Add`'s unique, which fails with Exists when
    another process was first; with it, the swap is lost when another process retired it.
    """
    signing = replace(new, signs=new.algorithm, created=now)
    event = Event("signing_key.create", f"signing_key:{new.kid}", data={"algorithm": new.algorithm})
    if old is None:
        return keep(signing, Add(SIGNING_KEYS, signing), event)
    retire = Event("signing_key.retire", f"signing_key:{old.kid}", data={"algorithm": old.algorithm})
    return keep(signing, swap(SIGNING_KEYS, old, signs=None, retired=now), Add(SIGNING_KEYS, signing), retire, event)


def jwks(keys: Sequence[SigningKey]) -> dict[str, list[dict[str, Any]]]:
    """The JWK Set that verifiers read, those that sign first, then the youngest. RFC 7517 §5.

    Retired keys stay: tokens signed by them outlive them. Only public members are copied, whatever the row holds.
    """
    ordered = sorted(keys, key=lambda key: (key.signs is None, -key.created, key.kid))
    return {"keys": [_public(key) for key in ordered]}


def _public(key: SigningKey) -> dict[str, Any]:
    said = dict(key.public)
    for name in said.keys() - _PUBLIC:
        del said[name]  # rfc7517#9.2
    return said
