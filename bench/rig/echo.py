"""The floor: a bare ASGI application on uvicorn that gives back the body it was sent."""

from __future__ import annotations

from typing import Any

import uvicorn


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The body, as JSON."""
    body = (await receive()).get("body") or b"{}"
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(port: int) -> None:
    """Serve it as `doorward serve` serves."""
    uvicorn.run(
        app, port=port, lifespan="off", access_log=False, log_config=None, server_header=False, proxy_headers=False
    )
