"""Response headers: what browsers must not do with our answers, and the exceptions for registered origins."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.responses import Response

from doorward.core.errors import Unavailable
from doorward.core.settings import Settings
from doorward.ports import World

Origins: TypeAlias = Callable[[World, str], Awaitable[bool]]
"""Whether an origin (`https://app.example`) belongs to a registered client."""

_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",  # rfc6749#10.13
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "cache-control": "no-store",
    "content-security-policy": _NOTHING,
}
_HSTS = "max-age=63072000"
_FORM_TARGET = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d+)?|https?://\[[0-9A-Fa-f:.]+\](:\d+)?|[a-z][a-z0-9+.\-]*:")
_CORS_METHODS = "GET, POST"
_CORS_HEADERS = "authorization, content-type, dpop"


def harden(response: Response, settings: Settings) -> None:
    """Set every security header that the response has not set itself."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if settings.public_url.startswith("https://"):
        response.headers.setdefault("strict-transport-security", _HSTS)


def page_policy(form_action: Sequence[str]) -> dict[str, str]:
    """The headers of an HTML page: our own style and images, no script; its forms go to us and to `form_action`.

    Browsers apply `form-action` to every redirect behind a form too, so a consent page names the client's origin (or
    `scheme:`). What is neither is left out. The referrer policy is not `no-referrer`: under that, browsers send
    `Origin: null` with our own forms.
    """
    targets = " ".join(["'self'", *(target for target in form_action if _FORM_TARGET.fullmatch(target))])
    policy = (
        f"default-src 'none'; style-src 'self'; img-src 'self'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {"content-security-policy": policy, "referrer-policy": "same-origin"}


def across_origins(response: Response) -> None:
    """Say that the response differs by origin and may be read by others: what `allow_origin` begins with."""
    response.headers["vary"] = "Origin"
    response.headers["cross-origin-resource-policy"] = "cross-origin"


async def allow_origin(response: Response, world: World, origin: str | None, origins: Origins | None) -> None:
    """Let a registered origin read this response. Never with credentials: the session cookie is not for other sites.

    Where that can't be told now, nobody else's script reads it; the response itself is what it was.
    """
    across_origins(response)
    if origin is None or origins is None or not world.settings.cors:
        return
    try:
        if not await origins(world, origin):
            return
    except Unavailable:
        return
    response.headers["access-control-allow-origin"] = origin
    response.headers["access-control-expose-headers"] = "www-authenticate"


async def preflight(world: World, origin: str | None, origins: Origins | None) -> Response:
    """Answer a browser's question whether it may send a cross-origin request."""
    response = Response(status_code=204)
    await allow_origin(response, world, origin, origins)
    if "access-control-allow-origin" in response.headers:
        response.headers["access-control-allow-methods"] = _CORS_METHODS
        response.headers["access-control-allow-headers"] = _CORS_HEADERS
        response.headers["access-control-max-age"] = "600"
    return response
