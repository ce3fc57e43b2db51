"""How guessing is kept slow, and what a verified or refused password changes.

An attempt is *reserved* before the password is looked at: the counters of the account and of the network it comes from
go up in one commit that only one of several parallel attempts can win. Then the password is hashed, then the attempt is
*settled*: a right password clears the account's counter and gives the network its reservation back; a wrong one leaves
both where they are. So 64 guesses at once are worth no more than one after the other.

State of an account's counter (`Attempts`): up to `attempts_per_account` in a row are free. Each one more starts a
wait that doubles from 30 seconds to `attempts_window`; after HARD_LIMIT in a row it is a day. It never locks for
ever, and a network from which the account has signed in before has a counter of its own, so that a stranger who keeps
guessing cannot keep the owner out of their usual place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from doorward.core.audit.network import NO_NETWORK, network
from doorward.core.errors import Throttled, Unauthenticated
from doorward.core.instant import DAY, Instant, Seconds, after
from doorward.core.outcome import Change, Event, Outcome, keep, refuse
from doorward.core.secret import digest
from doorward.core.settings import Settings
from doorward.core.table import Add, Delete, Expect, Put, swap
from doorward.domain.accounts.records import USERS, User
from doorward.domain.accounts.rules import new_user
from doorward.domain.credentials.records import ATTEMPTS, PASSWORDS, Attempts, Password

FIRST_WAIT = Seconds(30)
HARD_LIMIT = 100
"""Wrong passwords in a row after which the wait is a day. NIST SP 800-63B-4 §3.2.2."""
REMEMBERED = Seconds(30 * DAY)
"""How long wrong passwords in a row, and the networks an account signed in from, are remembered."""
SIGN_IN_REFUSED = "sign_in.refused"
SIGN_IN_THROTTLED = "sign_in.throttled"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is read for one attempt: the same reads whether or not anyone has this name.

    The keys and rows of its counters: the account's, the network's, and `known`, which is None unless the account has
    signed in from this network; then it counts instead of the account's. `target` is what the audit calls it.
    """

    user: User | None
    password: Password | None
    target: str
    account_key: str
    address_key: str
    known_key: str
    account: Attempts | None
    address: Attempts | None
    known: Attempts | None


def counter_keys(name_key: str, address: str) -> tuple[str, str, str]:
    """The keys (account, address, known) of an attempt's standing. A name that does not exist has one as well."""
    name, net = digest(name_key), network(address)
    return f"account:{name}", f"address:{net}", f"known:{digest(name_key + chr(0) + net)}"


def reserve(standing: Standing, now: Instant, settings: Settings) -> Outcome[None]:
    """Count an attempt before its password is looked at, or refuse it as Throttled without counting.

    Does NOT tell whether the account exists: a name nobody has is counted and refused alike.
    """
    ours = standing.known or standing.account
    address = standing.address
    waits = [row.blocked_until for row in (ours,) if row and row.blocked_until > now]
    if address and address.count >= settings.attempts_per_address:
        waits.append(address.expires)
    if waits:  # nist-800-63b#3.2.2.1
        seconds = max(1, -(-(max(waits) - now) // 1_000_000))
        return throttled(standing.target, seconds)
    key = standing.known_key if standing.known else standing.account_key
    return keep(None, _count(ours, key, now, settings), _count_address(address, standing.address_key, now, settings))


def throttled(target: str, seconds: int) -> Outcome[Any]:
    """Too many attempts, or too many at once fighting over the counters: none of them is looked at."""
    return refuse(
        Throttled("too many attempts to sign in", retry_after=seconds, reason=SIGN_IN_THROTTLED),
        Event("sign_in.refuse", target, "refused", SIGN_IN_THROTTLED),
    )


def settle(
    standing: Standing, checked: Password | None, *, holds: bool, rehashed: str | None, now: Instant
) -> Outcome[User]:
    """What follows from a password that was looked at: the user, or `sign_in.refused`, the same for every cause.

    `checked` is the row whose hash was verified; `standing` is as it is now, after hashing: a password replaced or a
    user disabled meanwhile is refused. Does NOT start a session.
    """
    user, password = standing.user, standing.password
    if user is None or password is None or user.status != "active" or not holds or password != checked:
        return refuse(
            Unauthenticated("the username or the password is wrong", reason=SIGN_IN_REFUSED),
            Event("sign_in.refuse", standing.target, "refused", SIGN_IN_REFUSED),
        )
    changes: list[Change] = [Expect(USERS, user), Delete(ATTEMPTS, (standing.account_key,))]
    if rehashed is None:
        changes.append(Expect(PASSWORDS, password))
    else:
        changes.append(swap(PASSWORDS, password, hash=rehashed))
    if standing.address is not None:
        changes.append(swap(ATTEMPTS, standing.address, count=max(0, standing.address.count - 1)))
    if not standing.address_key.endswith(f":{NO_NETWORK}"):
        changes.append(_remember(standing, now))
    return keep(user, *changes)


def enrolled(user: User, hash: str, now: Instant) -> Outcome[User]:
    """Keep a new user and their first password, both or neither."""
    created = new_user(user)
    return keep(user, *created.changes, Add(PASSWORDS, Password(user.id, hash, now)))


def new_password(user: User, current: Password | None, hash: str, now: Instant) -> Outcome[None]:
    """Give a user a password, replacing the one they have; wrong guesses at the old one are forgotten.

    Does NOT end what the old one opened: `lifecycle.flow.change_password` does.
    """
    row = Password(user.id, hash, now)
    change: Change = Add(PASSWORDS, row) if current is None else swap(PASSWORDS, current, hash=hash, changed=now)
    counter = counter_keys(user.username_key, "")[0]
    event = Event("password.set", user.subject)
    return keep(None, Expect(USERS, user), change, Delete(ATTEMPTS, (counter,)), event)


def wait_after(count: int, settings: Settings) -> Seconds:
    """How long an account waits after its `count`-th wrong password in a row."""
    beyond = count - settings.attempts_per_account
    if beyond < 0:
        return Seconds(0)
    if count >= HARD_LIMIT:
        return DAY
    return Seconds(min(settings.attempts_window, FIRST_WAIT << min(beyond, 16)))


def _count(row: Attempts | None, key: str, now: Instant, settings: Settings) -> Change:
    count = 1 if row is None else row.count + 1
    blocked, expires = after(now, wait_after(count, settings)), after(now, REMEMBERED)
    if row is None:
        return Add(ATTEMPTS, Attempts(key, count, blocked, expires))
    return swap(ATTEMPTS, row, count=count, blocked_until=blocked, expires=expires)


def _count_address(row: Attempts | None, key: str, now: Instant, settings: Settings) -> Change:
    if row is None:
        return Add(ATTEMPTS, Attempts(key, 1, now, after(now, settings.attempts_window)))
    return swap(ATTEMPTS, row, count=row.count + 1)


def _remember(standing: Standing, now: Instant) -> Change:
    fresh = Attempts(standing.known_key, 0, now, after(now, REMEMBERED))
    if standing.known is None:
        return Put(ATTEMPTS, fresh)
    return Put(ATTEMPTS, replace(fresh, version=standing.known.version + 1))
