"""Decisions about clients: what may be registered, and whether a presented secret is the client's. Pure."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, unquote_plus, urlsplit

from doorward.core.errors import Invalid, InvalidClient, InvalidRequest, OAuthError
from doorward.core.oauth import redirects, scopes
from doorward.core.oauth.client import AuthMethod, Client
from doorward.core.outcome import Change, Event, Outcome, keep, refuse
from doorward.core.secret import digest, same
from doorward.core.table import Add, Swap, swap
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, ServiceAccount
from doorward.domain.clients.records import CLIENTS

SECRET_PREFIX = "dwcs"
"""Of a client secret: `dwcs_…`, 256 random bits, shown once."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_GRANT = re.compile(r"[a-z_]{1,64}|urn:[A-Za-z0-9:._-]{1,120}")
_VISIBLE = re.compile(r"[!-~]+")
_METHODS = frozenset({"none", "client_secret_basic", "client_secret_post"})


def check(client: Client) -> None:
    """Raises Invalid unless the client is consistent and every field of it may be registered.

    Does NOT know which grant types are built, nor which resource servers are declared: the endpoints refuse those.
    """
    if not _ID.fullmatch(client.client_id):
        raise Invalid("`client_id` is not 1 to 64 letters, digits, `.`, `_` or `-`", reason="client.id_malformed")
    if not 1 <= len(client.client_name.strip()) <= 120 or not client.client_name.isprintable():
        raise Invalid("`client_name` is not 1 to 120 printable characters", reason="client.name_malformed")
    if client.token_endpoint_auth_method not in _METHODS:
        raise Invalid(
            "`token_endpoint_auth_method` is not offered", reason="client.auth_method", hint=_one_of(_METHODS)
        )
    if not client.grant_types or not all(_GRANT.fullmatch(one) for one in client.grant_types):
        raise Invalid("`grant_types` is empty or malformed", reason="client.grant_types")
    if client.public and "client_credentials" in client.grant_types:  # rfc6749#4.4
        raise Invalid("a public client cannot use client_credentials", reason="client.grant_types")
    if "authorization_code" in client.grant_types and not client.redirect_uris:
        raise Invalid("`redirect_uris` is empty", reason="client.redirect_uris", hint="authorization_code needs one")
    for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
        redirects.check(uri, public=client.public)
    scopes.check(client.scope)
    _check_links(client)


def _check_links(client: Client) -> None:
    if client.resource is not None and ("#" in client.resource or not _parts(client.resource).scheme):
        raise Invalid("`resource` is not an absolute URI without fragment", reason="client.resource")
    home = _parts(client.client_uri)
    if client.client_uri and (home.scheme not in {"https", "http"} or not home.netloc):
        raise Invalid("`client_uri` is not a web address", reason="client.client_uri")


def _parts(address: str) -> SplitResult:
    """An address in its parts; none of them where it is not visible ASCII or cannot be parted."""
    try:
        return urlsplit(address if _VISIBLE.fullmatch(address) else "")
    except ValueError:
        return urlsplit("")


def _one_of(words: frozenset[str]) -> str:
    return "one of " + ", ".join(sorted(words))


def register(client: Client, account: ServiceAccount) -> Outcome[Client]:
    """Add the client; with it `account`, its principal, when it uses client_credentials. Raises Invalid, Exists."""
    check(client)
    client, changes = with_account(client, account)
    return keep(client, *changes, Add(CLIENTS, client), Event("client.create", target(client)))


def with_account(client: Client, account: ServiceAccount) -> tuple[Client, tuple[Change, ...]]:
    """The client with a principal of its own, and the change that makes it, where it needs one and has none."""
    if "client_credentials" not in client.grant_types or client.service_account is not None:
        return client, ()
    return replace(client, service_account=account.id), (Add(SERVICE_ACCOUNTS, account),)


def update(old: Client, new: Client, account: ServiceAccount) -> Outcome[Client]:
    """Replace `old` by `new`, which keeps its id, secret, way of authentication and status. Raises Invalid."""
    new = replace(
        new,
        client_id=old.client_id,
        token_endpoint_auth_method=old.token_endpoint_auth_method,
        secret_digest=old.secret_digest,
        service_account=old.service_account,
        status=old.status,
        created=old.created,
        version=old.version + 1,
    )
    check(new)
    new, changes = with_account(new, account)
    return keep(new, *changes, Swap(CLIENTS, old, new), Event("client.update", target(new)))


def rotate(client: Client, secret: str) -> Outcome[str]:
    """A new secret in place of the old, which ends at once. Raises Invalid for a public client."""
    if client.public:
        raise Invalid("a public client has no secret", reason="client.public")
    change = swap(CLIENTS, client, secret_digest=digest(secret))
    return keep(secret, change, Event("client.rotate_secret", target(client)))


def target(client: Client) -> str:
    """As an audit event names it."""
    return f"client:{client.client_id}"


@dataclass(frozen=True, slots=True)
class Presented:
    """How a request says which client it is: the id, the secret if any, and by which method."""

    client_id: str
    secret: str | None
    method: AuthMethod


def presented(parameters: Mapping[str, str], authorization: str | None) -> Presented:
    """What the request presents, by exactly one method. RFC 6749 §2.3 and §2.3.1.

    Raises InvalidRequest for two methods at once, InvalidClient for none or a malformed one.
    """
    if authorization is not None:
        if "client_secret" in parameters:  # rfc6749#2.3
            raise InvalidRequest("the client authenticates in two ways at once", reason="client.two_methods")
        found = _basic(authorization)
        if parameters.get("client_id", found.client_id) != found.client_id:
            raise InvalidRequest(
                "`client_id` is not the client of the Authorization header", reason="client.two_methods"
            )
        return found
    if "client_id" not in parameters:
        raise InvalidClient("no client authentication was sent", reason="client.missing")
    secret = parameters.get("client_secret")
    return Presented(parameters["client_id"], secret, "none" if secret is None else "client_secret_post")


def _basic(authorization: str) -> Presented:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("the Authorization header is not `Basic`", reason="client.malformed")
    try:
        name, colon, secret = b64decode(rest.strip(), validate=True).decode("ascii").partition(":")
        client_id, secret = (unquote_plus(part, errors="strict") for part in (name, secret))
    except ValueError:
        raise InvalidClient("the Authorization header is malformed", reason="client.malformed") from None
    if not colon:
        raise InvalidClient("the Authorization header is malformed", reason="client.malformed")
    return Presented(client_id, secret, "client_secret_basic")


_NOBODY = digest("")


def authenticate(client: Client | None, shown: Presented) -> Outcome[Client]:
    """The client, if the secret is its own and the method the registered one. RFC 6749 §2.3, §3.2.1.

    An unknown client, a wrong secret, another method and a disabled client are refused in the same words; the audit
    event says which. Errors InvalidClient.
    """
    why = _fault(client, shown)
    if client is not None and why is None:
        return keep(client)
    return refused(client, InvalidClient("client authentication failed", reason="client.refused"), why or "unknown")


def _fault(client: Client | None, shown: Presented) -> str | None:
    stored = client.secret_digest if client is not None else None
    holds = same(digest(shown.secret or ""), stored or _NOBODY) and bool(shown.secret) and stored is not None
    if client is None:
        return "unknown"
    if client.token_endpoint_auth_method != shown.method:  # rfc6749#2.3.1
        return "method"
    if not client.public and not holds:  # rfc6749#3.2.1
        return "secret"
    if client.status != "active":
        return "disabled"
    return None


def refused(client: Client | None, error: OAuthError, why: str = "") -> Outcome[Client]:
    """The one event that a refused client leaves behind, and the error."""
    name = target(client) if client is not None else "client:unknown"
    return refuse(error, Event("client.refuse", name, "refused", error.reason, {"why": why} if why else {}))
