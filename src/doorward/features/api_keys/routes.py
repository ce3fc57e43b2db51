"""The operations on API keys. The secret (`key`) is in the answer that makes it and in no other."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.errors import Invalid
from doorward.core.instant import Seconds, to_text
from doorward.core.principal import Principal
from doorward.domain.accounts.reads import subject as found_subject
from doorward.domain.administration.flow import may_act_as, may_give
from doorward.domain.api_keys import flow, reads
from doorward.domain.api_keys.records import ApiKey
from doorward.domain.api_keys.rules import Lifetime
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.features.api_keys.flow import create_admin_key
from doorward.ports import World
from doorward.web.route import Operation, Secret

_PATH = "/api/v1/api-keys"


class ApiKeyView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key as administrators see it. `hint` is the end of its secret, to tell keys apart."""

    id: str
    key: Secret | None = None
    name: str
    owner: str
    scope: tuple[str, ...] | None
    organization: str | None
    created: str
    expires: str | None
    hint: str


class ApiKeys(msgspec.Struct, frozen=True, kw_only=True):
    """A page of keys; `next` is the `after` of the next page, or None at the end."""

    items: list[ApiKeyView]
    next: str | None


class ListApiKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose keys; everybody's if left out."""

    owner: Annotated[str | None, Meta(description="Username or service account.")] = None
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class CreateApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new key of `owner`, or (`admin`) of a new service account that may do everything."""

    owner: Annotated[str | None, Meta(description="Username or service account.")] = None
    name: Annotated[str, Meta(description="What it is for.")] = ""
    admin: Annotated[bool, Meta(description="For a new service account that may do everything.")] = False
    scope: Annotated[
        tuple[str, ...] | None,
        Meta(description="All that it carries; everything the owner may if left out.", extra={"option": "scope"}),
    ] = None
    organization: Annotated[str | None, Meta(description="Make this one active.", extra={"option": "org"})] = None
    lifetime: Annotated[int | None, Meta(description="Seconds until it expires.")] = None
    never_expires: Annotated[bool, Meta(description="It works until it is revoked.")] = False


class OneApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key, by its public id."""

    api_key: Annotated[str, Meta(description="The key's id: key_….")]


def view(key: ApiKey, secret: str | None = None) -> ApiKeyView:
    """The key, with its secret only where it has just been made."""
    return ApiKeyView(
        id=key.id,
        key=secret,
        name=key.name,
        owner=key.owner,
        scope=key.scope,
        organization=key.organization,
        created=to_text(key.created),
        expires=None if key.expires is None else to_text(key.expires),
        hint=key.hint,
    )


async def list_api_keys(world: World, principal: Principal, request: ListApiKeys) -> ApiKeys:
    """A page of live keys, oldest first."""
    after, limit = request.after or None, request.limit
    if request.owner is None:
        some = await reads.all_keys(world, after=after, limit=limit)
    else:
        owner = (await found_subject(world, request.owner)).subject
        some = await reads.of_owner(world, owner, after=after, limit=limit)
    return ApiKeys(items=[view(key) for key in some], next=some[-1].id if len(some) == limit else None)


async def create_api_key(world: World, principal: Principal, request: CreateApiKey) -> ApiKeyView:
    """A new key, shown now or never. The caller must hold all of doorward's own rights that its owner holds."""
    lifetime: Lifetime = None if request.lifetime is None else Seconds(request.lifetime)
    if request.never_expires:
        if request.lifetime is not None:
            raise Invalid("give `lifetime` or `never_expires`, not both", reason="lifetime.invalid")
        lifetime = "never"
    if request.admin:
        if request.owner or request.scope is not None or request.organization:
            raise Invalid("an `admin` key has an owner of its own and carries everything", reason="api_key.admin")
        await may_give(world, principal, world.catalogue.permissions_of(ADMIN_ROLE))
        return view(*await create_admin_key(world, name=request.name, lifetime=lifetime))
    if not request.owner:
        raise Invalid(
            "`owner` is missing", reason="owner.missing", hint="name a user or service account, or say `admin`"
        )
    owner = (await found_subject(world, request.owner)).subject
    await may_act_as(world, principal, owner)
    key, secret = await flow.create(
        world,
        owner=owner,
        name=request.name,
        scope=request.scope,
        lifetime=lifetime,
        organization=request.organization,
        by=None if principal.credential_kind == "operator" else principal,
    )
    return view(key, secret)


async def show_api_key(world: World, principal: Principal, request: OneApiKey) -> ApiKeyView:
    """One key, without its secret."""
    return view(await reads.api_key(world, request.api_key))


async def revoke_api_key(world: World, principal: Principal, request: OneApiKey) -> None:
    """End a key at once."""
    await flow.revoke(world, request.api_key)


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_api_keys", "GET", _PATH, "List API keys.", "dw_api_key:list", ListApiKeys, ApiKeys, list_api_keys,
        "api-key list",
    ),
    Operation(
        "create_api_key", "POST", _PATH, "Make an API key; it is shown once.", "dw_api_key:create", CreateApiKey,
        ApiKeyView, create_api_key, "api-key create", ("owner",), 201,
    ),
    Operation(
        "show_api_key", "GET", _PATH + "/{api_key}", "Show an API key, without its secret.", "dw_api_key:read",
        OneApiKey, ApiKeyView, show_api_key, "api-key show", ("api_key",),
    ),
    Operation(
        "revoke_api_key", "DELETE", _PATH + "/{api_key}", "End an API key at once.", "dw_api_key:revoke", OneApiKey,
        type(None), revoke_api_key, "api-key revoke", ("api_key",),
    ),
)  # fmt: skip
