"""The two cookies: the session's, and one that binds forms to a browser that has no session yet.

Both are HttpOnly, SameSite=Lax and for the whole host. On https they are Secure and have the `__Host-` prefix, so that
neither a sibling domain nor plain http can plant one (RFC 6265bis §4.1.3.2).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from doorward.core.settings import Settings
from doorward.ports import World
from doorward.web.arrival.arrival import arrival_of, header_values

SESSION = "doorward"
FORM = "doorward_form"


def cookie_name(settings: Settings, name: str) -> str:
    """The name as browsers know it: with `__Host-` on https."""
    return f"__Host-{name}" if _secure(settings) else name


def session_secret(request: Request) -> str | None:
    """The secret in the session cookie, or None. Does NOT say that the session is alive: `sessions.resume` does.

    None, too, on protocol endpoints, which must not act on a cookie.
    """
    arrival = arrival_of(request)
    return None if arrival.blind else read(request, arrival.world.settings, SESSION)


def set_session(response: Response, world: World, secret: str) -> None:
    """Hand the browser its session, until it closes. The secret is new at every sign-in."""
    write(response, world.settings, SESSION, secret)


def clear_session(response: Response, world: World) -> None:
    """Make the browser forget its session cookie. Does NOT end the session."""
    name, secure = cookie_name(world.settings, SESSION), _secure(world.settings)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def read(request: Request, settings: Settings, name: str) -> str | None:
    """One cookie's value. Sent twice, it is not believed at all.

    Only SP and TAB are taken off a name (RFC 6265 §5.2): to a browser `__Host-…` behind another space has no prefix.
    """
    wanted = cookie_name(settings, name)
    sent = (pair for line in header_values(request.scope, "cookie") for pair in line.split(";"))
    values = [value for key, _, value in (pair.strip(" \t").partition("=") for pair in sent) if key == wanted]
    return values[0] if len(values) == 1 and values[0] else None


def write(response: Response, settings: Settings, name: str, value: str) -> None:
    """Set one cookie with the attributes that all of ours have."""
    response.set_cookie(
        cookie_name(settings, name), value, path="/", secure=_secure(settings), httponly=True, samesite="lax"
    )


def _secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
