"""The operations on service accounts, each named by its name or id."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from doorward.core.errors import Invalid
from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts import reads
from doorward.domain.accounts.records import ServiceAccount
from doorward.domain.lifecycle import flow as lifecycle
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/service-accounts"
_ONE = _PATH + "/{service_account}"


class ServiceAccountView(msgspec.Struct, frozen=True, kw_only=True):
    """A service account as administrators see it."""

    id: str
    name: str
    status: str
    created: str


class ServiceAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """A page of service accounts; `next` is the `after` of the next page, or None at the end."""

    items: list[ServiceAccountView]
    next: str | None


class ListServiceAccounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which service accounts: `text` is looked for in the name."""

    text: Annotated[str, Meta(max_length=200, description="Part of a name.")] = ""
    status: Literal["active", "disabled"] | None = None
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class CreateServiceAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new service account."""

    name: Annotated[str, Meta(description="What it is called; unique.")]


class OneServiceAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One service account, by name or id."""

    service_account: Annotated[str, Meta(description="Name or id.")]


def view(account: ServiceAccount) -> ServiceAccountView:
    """The account without what only storage needs."""
    return ServiceAccountView(id=account.id, name=account.name, status=account.status, created=to_text(account.created))


async def found(world: World, reference: str) -> ServiceAccount:
    """The service account of this name or id. NotFound names the nearest."""
    account = await reads.subject(world, "service_account:" + reference.removeprefix("service_account:"))
    if not isinstance(account, ServiceAccount):
        raise Invalid(f"`{reference[:80]}` is not a service account", reason="service_account.unknown")
    return account


async def list_service_accounts(world: World, principal: Principal, request: ListServiceAccounts) -> ServiceAccounts:
    """A page of service accounts in order of creation."""
    some = await reads.service_accounts(
        world, text=request.text, status=request.status, after=request.after, limit=request.limit
    )
    return ServiceAccounts(
        items=[view(account) for account in some], next=some[-1].id if len(some) == request.limit else None
    )


async def create_service_account(
    world: World, principal: Principal, request: CreateServiceAccount
) -> ServiceAccountView:
    """A new service account, without any credential or role."""
    return view(await accounts.create_service_account(world, request.name))


async def show_service_account(world: World, principal: Principal, request: OneServiceAccount) -> ServiceAccountView:
    """One service account."""
    return view(await found(world, request.service_account))


async def disable_service_account(world: World, principal: Principal, request: OneServiceAccount) -> ServiceAccountView:
    """Its keys and tokens stop working, at once, until it is enabled again."""
    return view(await lifecycle.disable_service_account(world, await found(world, request.service_account)))


async def enable_service_account(world: World, principal: Principal, request: OneServiceAccount) -> ServiceAccountView:
    """Its keys work again."""
    return view(await lifecycle.enable_service_account(world, await found(world, request.service_account)))


async def delete_service_account(world: World, principal: Principal, request: OneServiceAccount) -> None:
    """Delete it with its keys, assignments and relations."""
    await lifecycle.delete_service_account(world, await found(world, request.service_account))


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_service_accounts", "GET", _PATH, "List service accounts.", "dw_service_account:list",
        ListServiceAccounts, ServiceAccounts, list_service_accounts, "service-account list",
    ),
    Operation(
        "create_service_account", "POST", _PATH, "Create a service account.", "dw_service_account:create",
        CreateServiceAccount, ServiceAccountView, create_service_account, "service-account create", ("name",), 201,
    ),
    Operation(
        "show_service_account", "GET", _ONE, "Show a service account.", "dw_service_account:read",
        OneServiceAccount, ServiceAccountView, show_service_account, "service-account show", ("service_account",),
    ),
    Operation(
        "disable_service_account", "POST", _ONE + "/disable", "Disable a service account.",
        "dw_service_account:disable", OneServiceAccount, ServiceAccountView, disable_service_account,
        "service-account disable", ("service_account",),
    ),
    Operation(
        "enable_service_account", "POST", _ONE + "/enable", "Enable a service account again.",
        "dw_service_account:enable", OneServiceAccount, ServiceAccountView, enable_service_account,
        "service-account enable", ("service_account",),
    ),
    Operation(
        "delete_service_account", "DELETE", _ONE, "Delete a service account with its keys.",
        "dw_service_account:delete", OneServiceAccount, type(None), delete_service_account,
        "service-account delete", ("service_account",),
    ),
)  # fmt: skip
