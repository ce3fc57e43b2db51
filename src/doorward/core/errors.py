"""Every error doorward raises on purpose: a class a wire code, a stable `reason` slug, a public `description`.

`description` is lower case, without a full stop, with backticks round input and never with a secret; `hint` names the
fix. What happened inside goes to the log, not here. Anything else that escapes is a `server_error` with an id.
"""

from __future__ import annotations

from typing import ClassVar


class DoorwardError(Exception):
    """The root. `status` is the HTTP status, `code` the stable wire code, `reason` the slug tests assert.

    `recorded` is set when the batch that the refusal kept held its audit event: who catches it adds no second one.
    `decision` is the id of the decision that refused, for `doorward why`.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "server_error"
    recorded: bool = False
    decision: str = ""

    def __init__(self, description: str = "", *, reason: str = "", hint: str = "") -> None:
        self.description = description or self.code.replace("_", " ")
        self.reason = reason or self.code
        self.hint = hint
        super().__init__(self.description)


class Invalid(DoorwardError):
    """The request is malformed; the description names the field."""

    status, code = 400, "invalid"


class Unauthenticated(DoorwardError):
    """No credential, or one that does not hold. RFC 6750 §3.1 `invalid_token` when one was sent."""

    status, code = 401, "unauthenticated"


class Forbidden(DoorwardError):
    """The caller is known and may not."""

    status, code = 403, "forbidden"


class NotFound(DoorwardError):
    """There is no such thing, or the caller may not know that there is."""

    status, code = 404, "not_found"


class Conflict(DoorwardError):
    """It exists already, or it changed meanwhile."""

    status, code = 409, "conflict"


class Exists(Conflict):
    """A key or a unique is taken; `table` and `columns` say which, for the flow that knows what to call it."""

    code = "exists"

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        self.table, self.columns = table, columns
        super().__init__(f"a `{table}` with this {', '.join(columns)} exists already", reason="exists")


class LostRace(Conflict):
    """A swap, an expectation or a required delete found the row changed or gone: the flow runs again."""

    code = "lost_race"


class Throttled(DoorwardError):
    """Too many attempts; `retry_after` is whole seconds until one is heard again."""

    status, code = 429, "throttled"

    def __init__(self, description: str = "", *, retry_after: int = 1, reason: str = "", hint: str = "") -> None:
        self.retry_after = retry_after
        super().__init__(description, reason=reason, hint=hint)


class Unavailable(DoorwardError):
    """A part that is needed to answer safely does not answer. Nothing was let in."""

    status, code = 503, "unavailable"


class Misconfigured(DoorwardError):
    """doorward cannot start like this; the hint names the setting."""

    code = "misconfigured"


class OAuthError(DoorwardError):
    """An error of RFC 6749 §4.1.2.1 or §5.2; `code` is the `error` parameter."""

    status, code = 400, "invalid_request"


class InvalidRequest(OAuthError):
    """RFC 6749 §5.2."""


class InvalidClient(OAuthError):
    """RFC 6749 §5.2: 401, with `WWW-Authenticate` when the client used the Authorization header."""

    status, code = 401, "invalid_client"


class InvalidGrant(OAuthError):
    """RFC 6749 §5.2."""

    code = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """RFC 6749 §5.2: this client may not use this grant or response type."""

    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """RFC 6749 §5.2."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """RFC 6749 §4.1.2.1."""

    code = "unsupported_response_type"


class InvalidScope(OAuthError):
    """RFC 6749 §5.2."""

    code = "invalid_scope"


class InvalidTarget(OAuthError):
    """RFC 8707 §2: the resource is unknown to this server, or not for this client."""

    code = "invalid_target"


class AccessDenied(OAuthError):
    """RFC 6749 §4.1.2.1: the person or the server said no."""

    status, code = 403, "access_denied"


class LoginRequired(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "login_required"


class ConsentRequired(OAuthError):
    """OpenID Connect Core §3.1.2.6."""

    code = "consent_required"


class RequestNotSupported(OAuthError):
    """OpenID Connect Core §6.1: request objects are not offered."""

    code = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    """OpenID Connect Core §6.2: requests by reference are not offered."""

    code = "request_uri_not_supported"


class RegistrationNotSupported(OAuthError):
    """OpenID Connect Core §7.2.1: the `registration` parameter is not offered."""

    code = "registration_not_supported"


class InvalidToken(OAuthError):
    """RFC 6750 §3.1: expired, revoked, malformed or for somebody else."""

    status, code = 401, "invalid_token"


class InsufficientScope(OAuthError):
    """RFC 6750 §3.1."""

    status, code = 403, "insufficient_scope"
