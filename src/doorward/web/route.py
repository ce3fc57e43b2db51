"""What a route is: a page or a protocol endpoint (`Route`), or one call of the administration API (`Operation`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.principal import Principal
from doorward.ports import World

Q = TypeVar("Q")
A = TypeVar("A")

Handler: TypeAlias = Callable[[World, Request], Awaitable[Response]]
Errors = Literal["page", "oauth", "problem"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

Secret: TypeAlias = Annotated[str, Meta(extra={"secret": True}, extra_json_schema={"format": "password"})]
"""A field whose value is secret: never logged, shown as a password in the API's description, never a CLI argument."""

CROSS_SITE = "cross-site"
"""The `form` of a page that other sites may POST to, e.g. the authorization endpoint (OpenID Connect Core §3.1.2.1).
Such a page does NOT see the session cookie; it answers with a redirect to its own GET."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path. `errors` says how a DoorwardError is told: an HTML page, RFC 6749 JSON, or RFC 9457.

    `form` names the form whose CSRF token a POST must carry; a page's POST without one is refused at start. An unsafe
    route without one (a protocol endpoint) and one that is `CROSS_SITE` do NOT see the session cookie.
    `cors` answers cross-origin requests of registered origins.
    """

    method: Method
    path: str
    handler: Handler
    errors: Errors = "page"
    form: str = ""
    cors: bool = False


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q, A]):
    """One typed call: the single source of its validation, permission, OpenAPI and command line.

    `request` is a msgspec Struct with the path's parameters, and the body's (POST, PUT, PATCH) or the query's fields;
    unknown fields are refused. `permission` is one of doorward's own (`dw_user:create`); None needs only a caller.
    `command` is how the command line calls it (`user create`), with `arguments` given by position.
    Fields typed `Secret` come from standard input or a file there, never from an argument.
    """

    name: str
    method: Method
    path: str
    summary: str
    permission: str | None
    request: type[Q]
    reply: type[A]
    run: Callable[[World, Principal, Q], Awaitable[A]]
    command: str = ""
    arguments: tuple[str, ...] = ()
    status: int = 200
    render: Callable[[Any], str] | None = None
