"""Bounds a request's body: what is longer than allowed is refused while it arrives, not after."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope

from doorward.core.errors import DoorwardError
from doorward.web.arrival.arrival import header_values


class TooLarge(DoorwardError):
    """The body is longer than the server takes (`max_body`)."""

    status, code = 413, "too_large"


def bounded(scope: Scope, receive: Receive, limit: int) -> Receive:
    """A `receive` that raises TooLarge as soon as more than `limit` bytes are announced or have come."""
    taken = 0

    async def take() -> Message:
        nonlocal taken
        if _announced(scope) > limit:
            raise _too_large(limit)
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return take


def _announced(scope: Scope) -> int:
    values = header_values(scope, "content-length")
    return max((int(value) for value in values if value.isascii() and value.isdigit()), default=0)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the request's body is longer than {limit} bytes", hint="send less, or raise DOORWARD_MAX_BODY")
