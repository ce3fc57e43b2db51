"""Addresses: every absolute URL comes from `public_url` and from nothing that a request says."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from doorward.core.settings import Settings
from doorward.web.arrival.rules import base_path

_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
_VISIBLE = re.compile(r"[!-~]+")
_NEXT_LIMIT = 8192


def url(settings: Settings, path: str, **query: str) -> str:
    """The absolute URL of a path of ours, e.g. `url(settings, "/login")`."""
    return settings.public_url.rstrip("/") + path + _query(query)


def local(settings: Settings, path: str, **query: str) -> str:
    """The same without scheme and host, for links and redirects within: `/auth/login` where mounted under `/auth`."""
    return base_path(settings.public_url) + path + _query(query)


def here(settings: Settings, next: str | None) -> str | None:
    """`next` when it is a path on this very host, else None: no scheme, no host, no backslash, no control character.

    What passes is sent back byte for byte as it came, so nothing is parsed twice. Does NOT say that the page exists.
    """
    if next is None or len(next) > _NEXT_LIMIT or not _PATH.fullmatch(next):  # rfc9700#4.11.2
        return None
    return next


def redirect(location: str) -> RedirectResponse:
    """303 See Other to a `local` path, or to a client's registered address that the caller has checked.

    ValueError where it holds anything but visible ASCII: a header must not be split, nor an address be rewritten.
    """
    if not _VISIBLE.fullmatch(location):
        raise ValueError("an address to redirect to must be visible ASCII")
    response = RedirectResponse(location, status_code=303)  # rfc9700#4.12
    response.headers["location"] = location  # as it is: RedirectResponse would quote it anew
    return response


def _query(query: dict[str, str]) -> str:
    return f"?{urlencode(query)}" if query else ""
