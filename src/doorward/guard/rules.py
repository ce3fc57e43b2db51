"""What a guard demands and when it is met, as pure functions: no framework, no clock, no I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from doorward.core.decision import DENY_REASONS, Deny
from doorward.core.errors import DoorwardError, Misconfigured, Throttled

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 §9.2.1: asked for in any site's name without harm. A WebSocket handshake is a GET and is none of these."""

MAX_ID: Final = 512
"""Characters of an object's or organization's id in a request."""

_PERMISSION: Final = re.compile(r"[a-z][a-z0-9_]*:[a-z][a-z0-9_]*")
_UNSPEAKABLE: Final = re.compile(r"[\x00-\x1f\x7f#]")
_CREDENTIAL_REASONS: Final = frozenset(
    {"credential.missing", "credential.invalid", "credential.revoked", "token.expired", "user.inactive"}
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one route demands. `permission` None: any caller who is known. `id` and `org` are names of parameters.

    With `hide` a refusal of an object is a 404, the same as for one that does not exist.
    """

    permission: str | None = None
    id: str | None = None
    org: str | None = None
    hide: bool = False

    @property
    def type(self) -> str:
        """The type of the object: what stands before the colon of the permission."""
        return (self.permission or "").partition(":")[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that the route must have."""
        return tuple(name for name in (self.id, self.org) if name is not None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a refused caller is told. `error` and `scope` go into the challenge, RFC 6750 §3; the rest into the body.

    A 404 has no body of ours: the framework's own is given, so that it tells nothing apart.
    """

    status: int
    code: str
    reason: str
    description: str
    hint: str = ""
    error: str = ""
    scope: str = ""
    decision: str = ""
    permission: str = ""
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Denial:
    """A decision that refused a call, for the record: what was asked about, and the answer with its trace."""

    deny: Deny
    object: str | None
    organization: str | None


class Refused(Exception):
    """A guard said no; `refusal` says what to answer, `denial` is the decision where there was one."""

    def __init__(self, refusal: Refusal, denial: Denial | None = None) -> None:
        self.refusal, self.denial = refusal, denial
        super().__init__(f"{refusal.status} {refusal.reason}")


NOT_FOUND: Final = Refusal(404, "not_found", "not_found", "not found")
"""There is no such thing, or the caller may not know that there is."""

MISSING: Final = Refusal(
    401,
    "unauthenticated",
    "credential.missing",
    "no credential was sent",
    hint="send `Authorization: Bearer` with an access token or an API key, or sign in",
)
"""No `error` in the challenge: RFC 6750 §3.1."""

FOREIGN_ORIGIN: Final = Refusal(
    403,
    "forbidden",
    "origin.mismatch",
    "a session cookie was sent by a page of another origin, or without saying of which",
    hint="send the request from a page of this origin, or use an access token",
)


def require(
    permission: str | None, *, id: str | None = None, org: str | None = None, hide: bool = False
) -> Requirement:
    """A checked Requirement. Raises Misconfigured for what could never be met or would not be noticed.

    Does NOT know the route: whether it has these parameters is checked when the app starts.
    """
    if permission is not None and not _PERMISSION.fullmatch(permission):
        raise Misconfigured(
            f"`{permission}` is not a permission", reason="permission.invalid", hint="write `type:verb`: `invoice:read`"
        )
    for name in (id, org):
        if name is not None and not name.isidentifier():
            raise Misconfigured(
                f"`{name}` is not the name of a parameter",
                reason="parameter.invalid",
                hint='name the parameter, not its value: id="invoice_id"',
            )
    if permission is None and (id or org):
        raise Misconfigured("an `id` or `org` needs a permission", reason="permission.invalid", hint="use require()")
    return Requirement(permission, id, org, hide)


def canonical(value: object, raw: str) -> str | None:
    """The id that is decided on: the converted value's own spelling, or None (404) where `raw` is another one.

    `raw` is the path segment or query value, percent-decoded. INVARIANT: two spellings that the handler takes for the
    same thing never reach the decision as two ids; `007`, `+7` and ` 7` are not `7`. A Decimal equals others of its
    kind that are spelled differently (`7.10`), so it is never an id. Does NOT know what the handler's database takes
    for equal: an id compared there without case must not be taken from the path as text.
    """
    plain = value.value if isinstance(value, Enum) else value
    if plain is None or isinstance(plain, Decimal):
        return None
    id = str(plain)
    if id != raw or not id or id == "*" or len(id) > MAX_ID or _UNSPEAKABLE.search(id):
        return None
    return id


def same_origin(*, origins: Sequence[str], sites: Sequence[str], own: Sequence[str], host: str) -> bool:
    """Whether a browser says that a page of our own made the request.

    `origins` and `sites` are the values of the `Origin` and `Sec-Fetch-Site` headers, `own` the origins this app
    answers under, `host` its `Host` header. Without either header the answer is no: only browsers send our cookies.
    Behind a proxy that ends TLS the app may not know its scheme, so where the browser vouches for the site
    (`Sec-Fetch-Site`, which no page can set) the origin's host is enough. Does NOT defend against a page of ours that
    runs foreign scripts.
    """
    if len(origins) > 1 or len(sites) > 1 or not (origins or sites):
        return False
    if sites and sites[0] != "same-origin":
        return False
    if not origins:
        return True
    if origins[0] in own:
        return True
    return bool(sites) and bool(host) and origins[0] in (f"https://{host}", f"http://{host}")


def denied(deny: Deny, requirement: Requirement, *, explain: bool = False) -> Refusal:
    """The refusal that a Deny becomes. `explain` adds what would allow it, which names roles and organizations.

    A missing scope is told even with `hide`: it is the same for every object, so it tells nothing of this one.
    """
    about, permission = DENY_REASONS[deny.reason], requirement.permission or ""
    if deny.reason in _CREDENTIAL_REASONS:
        error = "invalid_token"  # rfc6750#3.1
        return Refusal(401, "unauthenticated", deny.reason, about, error=error, decision=deny.id)
    if deny.reason == "scope.missing":
        return Refusal(
            403,
            "insufficient_scope",
            deny.reason,
            about,
            hint=f"ask for a token with the scope `{permission}`",
            error="insufficient_scope",
            scope=permission,
            decision=deny.id,
            permission=permission,
        )
    disagree = requirement.id and requirement.org and deny.reason == "organization.unknown"
    if requirement.hide or disagree or deny.reason == "organization.mismatch":
        return NOT_FOUND
    return Refusal(
        403,
        "forbidden",
        deny.reason,
        about,
        hint=deny.fix if explain and deny.fix else f"`doorward why {deny.id}` says why",
        error="insufficient_scope",
        decision=deny.id,
        permission=permission,
    )


def unproven(error: DoorwardError) -> Refusal:
    """The refusal for a credential that did not hold, or that nobody could look at.

    Anything that is not a plain 401, 403, 429 or 503 is a 503: a guard that can't tell does not let in.
    """
    if error.status == 401:
        return Refusal(401, "unauthenticated", error.reason, error.description, error.hint, "invalid_token")
    if isinstance(error, Throttled):
        return Refusal(429, error.code, error.reason, error.description, error.hint, retry_after=error.retry_after)
    if error.status == 403:
        return Refusal(403, error.code, error.reason, error.description, error.hint)
    return Refusal(503, "unavailable", error.reason, "the credential could not be verified", retry_after=1)
