"""The whole server inside an app: sign-in, OAuth and OpenID Connect, account and console under one path."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from doorward.core.errors import Misconfigured
from doorward.core.settings import Settings

if TYPE_CHECKING:
    from doorward.fastapi.door import Doorward


class Mounted:
    """The server as an ASGI app that opens with the door."""

    def __init__(self, door: Doorward) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = await self._door.server()
        await server.asgi(scope, receive, send)


def mount(app: FastAPI, door: Doorward, path: str) -> None:
    """Serve the door's server under `path`, and what clients look for at the root: `/.well-known/<name><path>`.

    RFC 8414 §3.1 puts the issuer's path behind the well-known name, outside of any mount.
    """
    if not path.startswith("/") or path.endswith("/"):
        raise Misconfigured(f"`{path}` is not a path to mount at", reason="mount.invalid", hint='mount(app, "/auth")')
    server = Mounted(door)
    app.router.routes.append(Route("/.well-known/{name}" + path, server, include_in_schema=False))
    app.mount(path, server, "doorward")


def fits(settings: Settings, path: str) -> Settings:
    """The settings, if links made of the public URL lead to where the server is mounted. Raises Misconfigured."""
    public = urlsplit(settings.public_url)
    if public.path.rstrip("/") != path:
        raise Misconfigured(
            f"the public URL is `{settings.public_url}`, but the server is mounted at `{path}`",
            reason="mount.elsewhere",
            hint=f"set DOORWARD_PUBLIC_URL={public.scheme}://{public.netloc}{path}",
        )
    return settings
