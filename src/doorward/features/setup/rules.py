"""What a setup code looks like, how often it may be guessed, and what the first administrator comes with. Pure."""

from __future__ import annotations

from doorward.core.access.relation import assignment
from doorward.core.errors import Forbidden, NotFound, Throttled
from doorward.core.instant import Instant, Seconds, after
from doorward.core.meta import INITIALISED, META, Meta
from doorward.core.outcome import Change, Event, Outcome, Relate, keep, refuse
from doorward.core.secret import digest, same
from doorward.core.settings import Settings
from doorward.core.table import Add, Delete, Expect, Put, swap
from doorward.domain.accounts.records import User
from doorward.domain.credentials.rules import enrolled
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.features.setup.records import ONLY, SETUP_CODES, SetupCode

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LOOKALIKES = str.maketrans({"o": "0", "i": "1", "l": "1", "-": "", " ": ""})
_LENGTH = 9
FREE_ATTEMPTS = 5
WAIT = Seconds(2)
"""Between guesses beyond the free ones: within a code's 30 minutes, fewer than 1 000 of 2^45."""


def new_code(random: bytes) -> str:
    """A code that can be read out: `abc-123-xyz`, 45 bits of the 6 random bytes."""
    number = int.from_bytes(random[:6], "big")
    text = "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))
    return "-".join((text[:3], text[3:6], text[6:]))


def plain(code: str) -> str:
    """A code as it was typed, without dashes, spaces and look-alikes (`O`, `I`, `L`)."""
    return code.strip().lower().translate(_LOOKALIKES)


def opened(initialised: Meta | None, code: str, now: Instant, settings: Settings) -> Outcome[str | None]:
    """Await this code instead of any before it; None and no change once there was an administrator."""
    if initialised is not None:
        return keep(None)
    row = SetupCode(ONLY, digest(plain(code)), after(now, settings.setup_code_lifetime))
    return keep(code, Put(SETUP_CODES, row))


def tried(initialised: Meta | None, row: SetupCode | None, code: str, now: Instant) -> Outcome[SetupCode]:
    """Whether this is the code. A wrong one is counted; beyond the free ones, guesses are heard every two seconds.

    Errors: NotFound `setup.closed`, Forbidden `code.ended` or `code.wrong`, Throttled.
    """
    if initialised is not None:
        return refuse(closed())
    if row is None:
        return refuse(Forbidden("the setup code has ended", reason="code.ended", hint="restart doorward for a new one"))
    if row.blocked_until > now:
        return refuse(Throttled("too many wrong codes", retry_after=WAIT, reason="setup.throttled"))
    if same(row.digest, digest(plain(code))):
        return keep(row)
    attempts = row.attempts + 1
    blocked = after(now, WAIT) if attempts >= FREE_ATTEMPTS else Instant(0)
    return refuse(
        Forbidden("this is not the setup code", reason="code.wrong"),
        swap(SETUP_CODES, row, attempts=attempts, blocked_until=blocked),
        Event("setup.refuse", "setup:code", "refused", "code.wrong"),
    )


def administrator(row: SetupCode, user: User, hash: str, now: Instant) -> Outcome[User]:
    """The first administrator, with a password and the role everywhere; and setup is closed, all in one batch.

    INVARIANT: the code's row must still be there and `initialised` must not: of two at once, one batch holds.
    """
    created = enrolled(user, hash, now)
    changes: tuple[Change, ...] = (
        Expect(SETUP_CODES, row),
        Delete(SETUP_CODES, (ONLY,), required=True),
        *closing(user.subject),
        Relate(assignment(ADMIN_ROLE, "*", user.subject)),
        Event("assignment.create", user.subject, data={"role": ADMIN_ROLE, "place": "*"}),
    )
    return keep(user, *created.changes, *changes)


def closing(by: str) -> tuple[Change, ...]:
    """What closes setup for good. The batch fails with `Exists` where it is closed already."""
    return Add(META, Meta(INITIALISED, by)), Event("setup.close", "setup:code", data={"by": by})


def closed() -> NotFound:
    """What every visitor of a closed setup is told."""
    return NotFound("setup is closed: there is an administrator", reason="setup.closed", hint="sign in")
