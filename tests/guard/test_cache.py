"""Verified tokens are remembered, and forgotten in time."""

from __future__ import annotations

import gc
from threading import Thread

import pytest

from doorward.core.access.relation import Relation
from doorward.core.instant import Instant
from doorward.core.principal import Principal
from doorward.guard.cache import Dependency, Proven, TokenCache, fingerprint
from doorward.ports import Changed, Feed, Revision

NOW = Instant(1_000_000)
FEED: Feed = None  # type: ignore[assignment]  # the cache reads nothing from it


def proven(name: str, *rests_on: Dependency, expires: int | None = None) -> Proven:
    return Proven(
        Principal(f"user:{name}", "token", expires=None if expires is None else Instant(expires)),
        frozenset(rests_on or {("users", (name,))}),
    )


def changed(table: str, *key: str) -> Changed:
    return Changed(Revision(1), "put", table, key)


def remember(cache: TokenCache, token: str, entry: Proven) -> bytes:
    key = fingerprint(token, "api")
    assert cache.put(key, entry, cache.begin())
    return key


def test_a_token_is_known_for_its_audience_alone() -> None:
    cache = TokenCache(10)
    key = remember(cache, "t", proven("ann"))
    assert cache.get(key, NOW) == Principal("user:ann", "token")
    assert cache.get(fingerprint("t", "other"), NOW) is None
    assert fingerprint("t", None) == fingerprint("t", "")
    assert fingerprint("b", "a") != fingerprint("a", "b")


def test_an_expired_entry_is_forgotten_at_its_instant() -> None:
    cache = TokenCache(10)
    key = remember(cache, "t", proven("ann", expires=NOW + 1))
    assert cache.get(key, NOW) is not None
    assert cache.get(key, Instant(NOW + 1)) is None
    assert len(cache) == 0


@pytest.mark.parametrize(
    "change",
    [changed("users", "ann"), changed("families", "fam_1"), Changed(Revision(1), "delete", "families", ("fam_1",))],
)
def test_a_change_of_anything_it_rests_on_ends_it(change: Changed) -> None:
    cache = TokenCache(10)
    ann = remember(cache, "a", proven("ann", ("users", ("ann",)), ("families", ("fam_1",))))
    bob = remember(cache, "b", proven("bob"))
    cache.apply(change, FEED)
    assert cache.get(ann, NOW) is None
    assert cache.get(bob, NOW) is not None


def test_other_changes_end_nothing() -> None:
    cache = TokenCache(10)
    key = remember(cache, "a", proven("ann"))
    for change in (
        changed("users", "bob"),
        changed("roles", "ann"),
        Changed(Revision(1), "relate", "relations", (), Relation("invoice:7", "viewer", "user:ann")),
        Changed(Revision(1), "relate", ""),
    ):
        cache.apply(change, FEED)
    assert cache.get(key, NOW) is not None


def test_a_reset_ends_all_and_what_is_under_way() -> None:
    cache = TokenCache(10)
    key = remember(cache, "a", proven("ann"))
    ticket = cache.begin()
    cache.reset(FEED)
    assert cache.get(key, NOW) is None
    assert not cache.put(key, proven("ann"), ticket)
    assert cache.get(key, NOW) is None


def test_a_revocation_heard_while_verifying_is_not_overwritten() -> None:
    cache = TokenCache(10)
    key = fingerprint("a", "api")
    ticket = cache.begin()
    cache.apply(changed("revoked_tokens", "jti_1"), FEED)
    assert not cache.put(key, proven("ann", ("users", ("ann",)), ("revoked_tokens", ("jti_1",))), ticket)
    assert cache.get(key, NOW) is None
    assert cache.put(key, proven("bob", ("users", ("bob",))), cache.begin())


def test_what_could_never_be_revoked_is_not_kept() -> None:
    cache = TokenCache(10)
    assert not cache.put(b"k", Proven(Principal("user:ann", "token"), frozenset()), cache.begin())


def test_a_verification_that_failed_leaves_nothing_behind() -> None:
    cache = TokenCache(10)
    ticket = cache.begin()
    del ticket
    gc.collect()
    cache.apply(changed("users", "ann"), FEED)
    assert len(cache._tickets) == 0


def test_the_longest_unused_goes_first() -> None:
    cache = TokenCache(2)
    first, second = remember(cache, "1", proven("a")), remember(cache, "2", proven("b"))
    assert cache.get(first, NOW)
    third = remember(cache, "3", proven("c"))
    assert cache.get(second, NOW) is None
    assert cache.get(first, NOW)
    assert cache.get(third, NOW)
    assert len(cache) == 2
    assert set(cache._resting) == {("users", ("a",)), ("users", ("c",))}


def test_verifying_again_replaces() -> None:
    cache = TokenCache(2)
    key = remember(cache, "1", proven("a", ("users", ("a",)), ("families", ("f",))))
    remember(cache, "1", proven("a"))
    cache.apply(changed("families", "f"), FEED)
    assert cache.get(key, NOW)


def test_threads_leave_it_whole() -> None:
    cache = TokenCache(50)

    def work(seed: int) -> None:
        for number in range(2_000):
            name = str((number * 7 + seed) % 80)
            key = fingerprint(name, "api")
            if cache.get(key, NOW) is None:
                cache.put(key, proven(name), cache.begin())
            if number % 11 == 0:
                cache.apply(changed("users", name), FEED)

    threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cache) <= 50
    resting = {key for keys in cache._resting.values() for key in keys}
    assert resting == set(cache._entries)
