"""How an error is told: as a page, as RFC 6749 JSON, or as RFC 9457 with a `type` that this server explains."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import (
    Conflict,
    DoorwardError,
    InsufficientScope,
    Invalid,
    InvalidClient,
    InvalidToken,
    NotFound,
    OAuthError,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from doorward.web.arrival.arrival import arrival_of
from doorward.web.arrival.body import TooLarge
from doorward.web.links import url
from doorward.web.page import page
from doorward.web.route import Errors

_UNSPEAKABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")  # RFC 6749 §5.2: what an error_description may not hold
_TITLES = {400: "That request was not understood", 401: "Sign in first", 403: "Not allowed", 404: "Page not found"}
_TITLES |= {405: "Not possible here", 409: "Something changed meanwhile", 413: "Too large", 421: "Wrong address"}
_TITLES |= {429: "Too many attempts", 503: "Not available right now"}


class MethodNotAllowed(DoorwardError):
    """The path is there, but not with this method; `Allow` says with which."""

    status, code = 405, "method_not_allowed"


class Misdirected(DoorwardError):
    """The request's Host is not this server's public URL. RFC 9110 §15.5.20."""

    status, code = 421, "misdirected"


class UnsupportedMediaType(DoorwardError):
    """The body is not of the content type that this path takes."""

    status, code = 415, "unsupported_media_type"


def tell(request: Request, error: DoorwardError, style: Errors) -> Response:
    """The response for an error. Says its description and hint, and nothing of what happened inside."""
    response = {"page": _page, "oauth": _oauth, "problem": _problem}[style](request, error)
    if isinstance(error, Throttled):
        response.headers["retry-after"] = str(error.retry_after)
    if challenge := _challenge(error):
        response.headers["www-authenticate"] = challenge
    return response


def catalogue() -> dict[str, tuple[int, str]]:
    """Every code with its status and the sentence that explains it."""
    return {kind.code: (kind.status, _first_sentence(kind)) for kind in sorted(_kinds(), key=lambda kind: kind.code)}


def _page(request: Request, error: DoorwardError) -> Response:
    world = arrival_of(request).world
    title = _TITLES.get(error.status, "Something went wrong")
    return page(
        world, request, "error.html", status=error.status, title=title, description=error.description, hint=error.hint
    )


def _oauth(request: Request, error: DoorwardError) -> Response:
    body = {"error": _oauth_code(error), "error_description": _speakable(error)}
    if error.reason not in (error.code, body["error"]):
        body["reason"] = error.reason
    response = _json(body, error.status, "application/json")
    response.headers["pragma"] = "no-cache"  # RFC 6749 §5.2
    return response


def _problem(request: Request, error: DoorwardError) -> Response:
    arrival = arrival_of(request)
    body = {
        "type": url(arrival.world.settings, f"/problems/{error.code}"),
        "title": error.code.replace("_", " "),
        "status": error.status,
        "detail": error.description,
        "code": error.code,
        "reason": error.reason,
        "hint": error.hint,
        "decision": error.decision,
        "request": arrival.id,
    }
    return _json({name: value for name, value in body.items() if value}, error.status, "application/problem+json")


def _json(body: object, status: int, type: str) -> Response:
    return Response(msgspec.json.encode(body), status_code=status, headers={"content-type": type})


def _oauth_code(error: DoorwardError) -> str:
    """The nearest of RFC 6749's codes for an error that is not one of them."""
    if isinstance(error, OAuthError):
        return error.code
    if isinstance(error, (Throttled, Unavailable)):
        return "temporarily_unavailable"
    if isinstance(error, Unauthenticated):
        return "invalid_token"
    if isinstance(error, (Invalid, NotFound, Conflict, TooLarge, MethodNotAllowed, UnsupportedMediaType)):
        return "invalid_request"
    return "access_denied" if error.status == 403 else "server_error"


def _speakable(error: DoorwardError) -> str:
    text = f"{error.description}; {error.hint}" if error.hint else error.description
    return _UNSPEAKABLE.sub("?", text.replace('"', "'"))


def _challenge(error: DoorwardError) -> str | None:
    """`WWW-Authenticate`: RFC 6749 §5.2 for a client, RFC 6750 §3 for a bearer credential."""
    if isinstance(error, InvalidClient):
        return 'Basic realm="doorward", charset="UTF-8"'
    if isinstance(error, (InvalidToken, InsufficientScope)):
        return f'Bearer realm="doorward", error="{error.code}", error_description="{_speakable(error)}"'
    if error.status == 401:  # rfc9110#15.5.2
        return 'Bearer realm="doorward"'
    return None


def _kinds(root: type[DoorwardError] = DoorwardError) -> Iterator[type[DoorwardError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)


def _first_sentence(kind: type[DoorwardError]) -> str:
    return " ".join((kind.__doc__ or "").split())
