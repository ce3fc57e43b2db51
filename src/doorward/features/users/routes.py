"""The operations on users. A user is named by username or id; answers never hold a password or its hash."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts import reads
from doorward.domain.accounts.records import User
from doorward.domain.administration.flow import may_act_as
from doorward.domain.credentials import flow as credentials
from doorward.domain.lifecycle import flow as lifecycle
from doorward.ports import World
from doorward.web.route import Operation, Secret

_PATH = "/api/v1/users"
_ONE = _PATH + "/{user}"


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A user as administrators see them."""

    id: str
    username: str
    name: str
    email: str | None
    email_verified: bool
    status: str
    created: str
    last_seen: str | None


class Users(msgspec.Struct, frozen=True, kw_only=True):
    """A page of users; `next` is the `after` of the next page, or None at the end."""

    items: list[UserView]
    next: str | None


class ListUsers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which users: `text` is looked for in username, name and address."""

    text: Annotated[str, Meta(max_length=200, description="Part of a username, name or e-mail address.")] = ""
    status: Literal["active", "disabled"] | None = None
    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class CreateUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new user; without a password they cannot sign in yet."""

    username: Annotated[str, Meta(description="What the person signs in with.")]
    name: Annotated[str, Meta(description="The person's name, as shown.")] = ""
    email: Annotated[str | None, Meta(description="E-mail address.")] = None
    password: Secret | None = None


class OneUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One user, by username or id."""

    user: Annotated[str, Meta(description="Username or id.")]


class UpdateUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays."""

    user: Annotated[str, Meta(description="Username or id.")]
    name: Annotated[str | None, Meta(description="The person's name, as shown.")] = None
    email: Annotated[str | None, Meta(description="E-mail address; empty takes it away.")] = None


class SetPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password, set by an administrator: it ends the user's sessions."""

    user: Annotated[str, Meta(description="Username or id.")]
    password: Secret


def view(user: User) -> UserView:
    """The user without what only storage needs."""
    return UserView(
        id=user.id,
        username=user.username,
        name=user.name,
        email=user.email,
        email_verified=user.email_verified,
        status=user.status,
        created=to_text(user.created),
        last_seen=None if user.last_seen is None else to_text(user.last_seen),
    )


async def list_users(world: World, principal: Principal, request: ListUsers) -> Users:
    """A page of users in order of creation."""
    found = await reads.users(world, text=request.text, status=request.status, after=request.after, limit=request.limit)
    return Users(items=[view(user) for user in found], next=found[-1].id if len(found) == request.limit else None)


async def create_user(world: World, principal: Principal, request: CreateUser) -> UserView:
    """A new user, with their password or neither. Errors: Invalid naming the field; Conflict."""
    if request.password is None:
        user = await accounts.create_user(world, username=request.username, name=request.name, email=request.email)
    else:
        user = await credentials.enrol(
            world, username=request.username, password=request.password, name=request.name, email=request.email
        )
    return view(user)


async def show_user(world: World, principal: Principal, request: OneUser) -> UserView:
    """One user. NotFound names the nearest."""
    return view(await reads.user(world, request.user))


async def update_user(world: World, principal: Principal, request: UpdateUser) -> UserView:
    """Change name or address."""
    user = await reads.user(world, request.user)
    await may_act_as(world, principal, user.subject)
    return view(await accounts.update_user(world, user, name=request.name, email=request.email))


async def set_password(world: World, principal: Principal, request: SetPassword) -> None:
    """Set a password for somebody else: every session and token of theirs ends."""
    user = await reads.user(world, request.user)
    await may_act_as(world, principal, user.subject)
    await lifecycle.reset_password(world, user, request.password)


async def disable_user(world: World, principal: Principal, request: OneUser) -> UserView:
    """Nothing of theirs works any more, at once, until they are enabled again."""
    user = await reads.user(world, request.user)
    return view(await lifecycle.disable_user(world, user))


async def enable_user(world: World, principal: Principal, request: OneUser) -> UserView:
    """They may sign in again. Does NOT bring back sessions."""
    user = await reads.user(world, request.user)
    return view(await lifecycle.enable_user(world, user))


async def delete_user(world: World, principal: Principal, request: OneUser) -> None:
    """Delete the user with everything that is theirs: sessions, keys, consents, assignments, relations."""
    await lifecycle.delete_user(world, await reads.user(world, request.user))


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_users", "GET", _PATH, "List users.", "dw_user:list", ListUsers, Users, list_users, "user list"
    ),
    Operation(
        "create_user", "POST", _PATH, "Create a user.", "dw_user:create", CreateUser, UserView, create_user,
        "user create", status=201,
    ),
    Operation(
        "show_user", "GET", _ONE, "Show a user.", "dw_user:read", OneUser, UserView, show_user,
        "user show", ("user",),
    ),
    Operation(
        "update_user", "PATCH", _ONE, "Change a user's name or address.", "dw_user:update", UpdateUser, UserView,
        update_user, "user update", ("user",),
    ),
    Operation(
        "set_password", "PUT", _ONE + "/password", "Set a user's password; their sessions end.",
        "dw_user:set_password", SetPassword, type(None), set_password, "user set-password", ("user",),
    ),
    Operation(
        "disable_user", "POST", _ONE + "/disable", "Disable a user: nothing of theirs works.",
        "dw_user:disable", OneUser, UserView, disable_user, "user disable", ("user",),
    ),
    Operation(
        "enable_user", "POST", _ONE + "/enable", "Enable a user again.",
        "dw_user:enable", OneUser, UserView, enable_user, "user enable", ("user",),
    ),
    Operation(
        "delete_user", "DELETE", _ONE, "Delete a user and everything that is theirs.",
        "dw_user:delete", OneUser, type(None), delete_user, "user delete", ("user",),
    ),
)  # fmt: skip
