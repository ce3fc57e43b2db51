"""Bounds a request's body: what is longer than allowed is refused while it arrives, not after. And taking one whole."""

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


async def received(receive: Receive, limit: int) -> tuple[Message, bytes]:
    """What came, as one message, and the body in it; an empty one where it is too long or whoever sent it has gone.

    Put together at once: a body that comes a byte at a time costs no more than its bytes.
    """
    message = await receive()
    body = bytearray(message.get("body", b""))
    while message.get("more_body") and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
    if message["type"] != "http.request":
        return message, b""
    message = {**message, "body": bytes(body)}
    return message, message["body"] if len(body) <= limit else b""


def again(message: Message, receive: Receive) -> Receive:
    """A `receive` that gives the message that was taken, then the rest."""
    taken = [message]

    async def replay() -> Message:
        return taken.pop() if taken else await receive()

    return replay


def _announced(scope: Scope) -> int:
    values = header_values(scope, "content-length")
    return max((int(value) for value in values if value.isascii() and value.isdigit()), default=0)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the request's body is longer than {limit} bytes", hint="send less, or raise DOORWARD_MAX_BODY")
