"""Bounds a request's body: what is longer than allowed is refused while it arrives, not after. And taking one whole."""

from __future__ import annotations

from collections.abc import Iterable

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


async def received(receive: Receive, limit: int) -> tuple[list[Message], bytes]:
    """What came, and the body in it; an empty one where it is too long or whoever sent it has gone."""
    message = await receive()
    messages, body = [message], message.get("body", b"")
    while message.get("more_body") and len(body) <= limit:
        message = await receive()
        messages.append(message)
        body += message.get("body", b"")
    whole = message["type"] == "http.request" and len(body) <= limit
    return messages, body if whole else b""


def again(messages: Iterable[Message], receive: Receive) -> Receive:
    """A `receive` that gives the messages that were taken, then the rest."""
    taken = iter(messages)

    async def replay() -> Message:
        message = next(taken, None)
        return await receive() if message is None else message

    return replay


def _announced(scope: Scope) -> int:
    values = header_values(scope, "content-length")
    return max((int(value) for value in values if value.isascii() and value.isdigit()), default=0)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the request's body is longer than {limit} bytes", hint="send less, or raise DOORWARD_MAX_BODY")
