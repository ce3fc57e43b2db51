"""What an API key may be made with, and who may make it wider than themselves: nobody.

What a key can do is decided at each call: its scope *and* what its owner may then. Nothing is copied into the key.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Set
from typing import Literal

from doorward.core.errors import Forbidden, Invalid, NotFound, Unauthenticated
from doorward.core.instant import Instant, Seconds, after
from doorward.core.outcome import Event, Outcome, keep, refuse
from doorward.core.principal import Principal
from doorward.core.secret import digest
from doorward.core.table import Add, Delete, Expect
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.api_keys.records import API_KEYS, ApiKey

NAME_LIMIT = 100
LIFETIME_LIMIT = Seconds(10 * 365 * 86_400)
"""A longer life is asked for as `never`, so that it is seen to be."""
Lifetime = Seconds | Literal["never"] | None
"""Seconds, `never`, or None for the setting `api_key_lifetime`."""


def create(
    owner: User | ServiceAccount | None,
    *,
    id: str,
    secret: str,
    name: str,
    scope: tuple[str, ...] | None,
    organization: str | None,
    expires: Instant | None,
    declared: Set[str],
    by: Principal | None,
    now: Instant,
) -> Outcome[ApiKey]:
    """A new key of an active owner, within what the credential that asks (`by`) carries.

    Errors: NotFound `owner.unknown`; Forbidden `user.inactive`, `scope.missing`, `organization.other`,
    `lifetime.wider`; Invalid naming the field. Does NOT ask whether the caller may make keys for this owner.
    """
    if owner is None:
        return refuse(NotFound("there is no such owner", reason="owner.unknown"))
    if owner.status != "active":
        return refuse(Forbidden("the owner is disabled", reason="user.inactive"))
    title = _title(name)
    if unknown := sorted(set(scope or ()) - declared):
        hint = "declare it in access.toml or pick one of the declared permissions"
        return refuse(
            Invalid(f"`scope`: no resource server declares `{unknown[0][:80]}`", reason="scope.unknown", hint=hint)
        )
    if by is not None and (refusal := _wider(by, scope, organization, expires)):
        return refuse(refusal)
    key = ApiKey(
        id=id,
        digest=digest(secret),
        name=title,
        owner=owner.subject,
        created=now,
        expires=expires,
        scope=None if scope is None else tuple(sorted(set(scope))),
        organization=organization,
        hint=secret[-4:],
    )
    alive = Expect(USERS, owner) if isinstance(owner, User) else Expect(SERVICE_ACCOUNTS, owner)
    return keep(key, alive, Add(API_KEYS, key), Event("api_key.create", owner.subject, data=_named(key)))


def expiry(lifetime: Lifetime, default: Seconds, now: Instant) -> Instant | None:
    """When a key made now ends; None is never, and has to be asked for. Invalid when it would be over already."""
    if lifetime == "never":
        return None
    seconds = default if lifetime is None else lifetime
    if not 0 < seconds <= LIFETIME_LIMIT:
        raise Invalid("`lifetime` is not between a second and ten years", reason="lifetime.invalid")
    return after(now, Seconds(seconds))


def revoke(key: ApiKey | None) -> Outcome[None]:
    """End a key at once. NotFound `api_key.unknown` when there is none."""
    if key is None:
        return refuse(NotFound("there is no such API key", reason="api_key.unknown"))
    return keep(None, Delete(API_KEYS, (key.id,)), Event("api_key.revoke", key.owner, data=_named(key)))


def usable(key: ApiKey | None, now: Instant) -> ApiKey:
    """The key, if there is one and its time has not run out; raises Unauthenticated `credential.invalid` else."""
    if key is None or (key.expires is not None and key.expires <= now):
        raise unusable()
    return key


def unusable() -> Unauthenticated:
    """The one answer for every key that does not hold: nobody learns which were there once."""
    return Unauthenticated("the API key is malformed, unknown, expired or revoked", reason="credential.invalid")


def _wider(
    by: Principal, scope: tuple[str, ...] | None, organization: str | None, expires: Instant | None
) -> Forbidden | None:
    """Why the credential that asks may not make a key like this, or None."""
    if by.scopes is not None and (scope is None or not by.scopes.issuperset(scope)):
        return Forbidden(
            "the new key would carry more than your credential",
            reason="scope.missing",
            hint="give `scope`, naming only permissions that your credential carries",
        )
    if by.credential_kind != "session" and by.organization is not None and organization != by.organization:
        return Forbidden("your credential is bound to another organization", reason="organization.other")
    if by.credential_kind == "api_key" and by.expires is not None and (expires is None or expires > by.expires):
        return Forbidden(
            "the new key would outlive the key that makes it", reason="lifetime.wider", hint="give a shorter `lifetime`"
        )
    return None


def _title(name: str) -> str:
    title = unicodedata.normalize("NFC", name).strip()
    if not title or len(title) > NAME_LIMIT:
        raise Invalid(f"`name` has 1 to {NAME_LIMIT} characters", reason="name.invalid")
    if any(unicodedata.category(character)[0] == "C" for character in title):
        raise Invalid("`name` may not contain control or invisible characters", reason="name.invalid")
    return title


def _named(key: ApiKey) -> dict[str, str]:
    return {"api_key": key.id, "name": key.name, "hint": key.hint}
