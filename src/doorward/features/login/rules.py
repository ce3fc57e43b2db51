"""What the sign-in page says of a refusal. Pure."""

from __future__ import annotations

from doorward.core.errors import DoorwardError, Throttled
from doorward.core.instant import MINUTE
from doorward.web.forms import FormErrors


def refusal(error: DoorwardError) -> FormErrors:
    """A refused sign-in in words that don't tell whether the account exists."""
    if isinstance(error, Throttled):
        return FormErrors("Too many attempts", f"Try again in {duration(error.retry_after)}.")
    return FormErrors("That did not match", "The username or the password is wrong.")


def duration(seconds: int) -> str:
    """Seconds in words, rounded up: `1 second`, `2 minutes`."""
    count, unit = (-(-seconds // MINUTE), "minute") if seconds >= MINUTE else (seconds, "second")
    return f"{count} {unit}{'' if count == 1 else 's'}"
