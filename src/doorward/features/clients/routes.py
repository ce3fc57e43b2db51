"""The operations on clients. Names are RFC 7591 §2's; a secret is in the answer that makes it and in no other."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from doorward.core.errors import Invalid
from doorward.core.instant import to_text, to_unix
from doorward.core.oauth.client import Client
from doorward.core.principal import Principal
from doorward.domain.administration.flow import may_act_as
from doorward.domain.clients import flow, reads
from doorward.domain.lifecycle import flow as lifecycle
from doorward.ports import World
from doorward.web.route import Operation, Secret

_PATH = "/api/v1/clients"
_ONE = _PATH + "/{client_id}"

Name = Annotated[str, Meta(description="What people see.", extra={"option": "name"})]
RedirectUris = Annotated[
    tuple[str, ...], Meta(description="Where answers may go, exactly; once for each.", extra={"option": "redirect-uri"})
]
Grants = Annotated[
    tuple[str, ...],
    Meta(description="authorization_code or client_credentials; once for each.", extra={"option": "grant"}),
]
Scope = Annotated[str | None, Meta(description="What it may ask for, separated by spaces; everything if left out.")]
Resource = Annotated[str | None, Meta(description="The API it asks for when it names none.")]
LogoutUris = Annotated[
    tuple[str, ...],
    Meta(description="Where a browser may go after logout.", extra={"option": "post-logout-redirect-uri"}),
]
ClientUri = Annotated[str, Meta(description="Its home page.", extra={"option": "uri"})]
FirstParty = Annotated[bool, Meta(description="It is ours: people are not asked for consent.")]
AuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]


class ClientView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A client as administrators see it. RFC 7591 §3.2.1."""

    client_id: str
    client_secret: Secret | None = None
    client_id_issued_at: int
    client_name: str
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    token_endpoint_auth_method: str
    scope: str
    resource: str | None
    post_logout_redirect_uris: tuple[str, ...]
    client_uri: str
    service_account: str | None
    first_party: bool
    status: str
    created: str


class Clients(msgspec.Struct, frozen=True, kw_only=True):
    """A page of clients; `next` is the `after` of the next page, or None at the end."""

    items: list[ClientView]
    next: str | None


class ListClients(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which clients: those behind the client_id `after`."""

    after: str = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class CreateClient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new client. `public` is short for the authentication method `none`."""

    client_name: Name
    redirect_uris: RedirectUris = ()
    grant_types: Grants = ()
    public: Annotated[bool, Meta(description="It cannot keep a secret: an app in a browser or on a device.")] = False
    token_endpoint_auth_method: Annotated[
        AuthMethod | None, Meta(description="How it proves itself.", extra={"option": "auth-method"})
    ] = None
    client_id: Annotated[str | None, Meta(description="Its id; chosen if left out.", extra={"option": "id"})] = None
    scope: Scope = None
    resource: Resource = None
    post_logout_redirect_uris: LogoutUris = ()
    client_uri: ClientUri = ""
    first_party: FirstParty = False


class UpdateClient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. An empty `resource` takes the default API away."""

    client_id: str
    client_name: Annotated[str | None, Meta(description="What people see.", extra={"option": "name"})] = None
    redirect_uris: RedirectUris | None = None
    grant_types: Grants | None = None
    scope: Scope = None
    resource: Resource = None
    post_logout_redirect_uris: LogoutUris | None = None
    client_uri: ClientUri | None = None
    first_party: FirstParty | None = None


class OneClient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One client."""

    client_id: str


def view(client: Client, secret: str | None = None) -> ClientView:
    """The client, with its secret only where it has just been made."""
    return ClientView(
        client_id=client.client_id,
        client_secret=secret,
        client_id_issued_at=to_unix(client.created),
        client_name=client.client_name,
        redirect_uris=client.redirect_uris,
        grant_types=client.grant_types,
        token_endpoint_auth_method=client.token_endpoint_auth_method,
        scope=" ".join(client.scope),
        resource=client.resource,
        post_logout_redirect_uris=client.post_logout_redirect_uris,
        client_uri=client.client_uri,
        service_account=client.service_account,
        first_party=client.first_party,
        status=client.status,
        created=to_text(client.created),
    )


async def list_clients(world: World, principal: Principal, request: ListClients) -> Clients:
    """A page of clients in order of their ids."""
    some = await reads.clients(world, after=request.after or None, limit=request.limit)
    return Clients(
        items=[view(client) for client in some], next=some[-1].client_id if len(some) == request.limit else None
    )


async def create_client(world: World, principal: Principal, request: CreateClient) -> ClientView:
    """A new client; a confidential one's secret is in this answer alone."""
    method = request.token_endpoint_auth_method or ("none" if request.public else "client_secret_basic")
    if request.public and method != "none":
        raise Invalid("a public client has no `token_endpoint_auth_method` but `none`", reason="client.auth_method")
    client, secret = await flow.register(
        world,
        client_name=request.client_name,
        client_id=request.client_id,
        redirect_uris=request.redirect_uris,
        grant_types=request.grant_types or ("authorization_code",),
        token_endpoint_auth_method=method,
        scope=(request.scope or "").split(),
        resource=request.resource,
        post_logout_redirect_uris=request.post_logout_redirect_uris,
        first_party=request.first_party,
        client_uri=request.client_uri,
    )
    return view(client, secret)


async def show_client(world: World, principal: Principal, request: OneClient) -> ClientView:
    """One client. NotFound names the nearest."""
    return view(await reads.client(world, request.client_id))


async def update_client(world: World, principal: Principal, request: UpdateClient) -> ClientView:
    """Change what is given."""
    client = await flow.update(
        world,
        request.client_id,
        client_name=request.client_name,
        redirect_uris=request.redirect_uris,
        grant_types=request.grant_types,
        scope=None if request.scope is None else request.scope.split(),
        resource=request.resource,
        post_logout_redirect_uris=request.post_logout_redirect_uris,
        first_party=request.first_party,
        client_uri=request.client_uri,
    )
    return view(client)


async def rotate_secret(world: World, principal: Principal, request: OneClient) -> ClientView:
    """A new secret, in this answer alone; the old one ends at once."""
    client = await reads.client(world, request.client_id)
    if client.service_account is not None:
        await may_act_as(world, principal, f"service_account:{client.service_account}")
    secret = await flow.rotate_secret(world, request.client_id)
    return view(await reads.client(world, request.client_id), secret)


async def disable_client(world: World, principal: Principal, request: OneClient) -> ClientView:
    """It gets no tokens, and those it has stop working."""
    return view(await lifecycle.disable_client(world, await reads.client(world, request.client_id)))


async def enable_client(world: World, principal: Principal, request: OneClient) -> ClientView:
    """It may ask for tokens again."""
    return view(await lifecycle.enable_client(world, await reads.client(world, request.client_id)))


async def delete_client(world: World, principal: Principal, request: OneClient) -> None:
    """Delete it with its consents, tokens and service account."""
    await lifecycle.delete_client(world, await reads.client(world, request.client_id))


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "list_clients", "GET", _PATH, "List clients.", "dw_client:list", ListClients, Clients, list_clients,
        "client list",
    ),
    Operation(
        "create_client", "POST", _PATH, "Register a client; its secret is shown once.", "dw_client:create",
        CreateClient, ClientView, create_client, "client create", status=201,
    ),
    Operation(
        "show_client", "GET", _ONE, "Show a client.", "dw_client:read", OneClient, ClientView, show_client,
        "client show", ("client_id",),
    ),
    Operation(
        "update_client", "PATCH", _ONE, "Change a client.", "dw_client:update", UpdateClient, ClientView,
        update_client, "client update", ("client_id",),
    ),
    Operation(
        "rotate_client_secret", "POST", _ONE + "/secret", "Make a new secret; the old one ends at once.",
        "dw_client:rotate_secret", OneClient, ClientView, rotate_secret, "client rotate-secret", ("client_id",),
    ),
    Operation(
        "disable_client", "POST", _ONE + "/disable", "Disable a client: its tokens stop working.",
        "dw_client:disable", OneClient, ClientView, disable_client, "client disable", ("client_id",),
    ),
    Operation(
        "enable_client", "POST", _ONE + "/enable", "Enable a client again.",
        "dw_client:enable", OneClient, ClientView, enable_client, "client enable", ("client_id",),
    ),
    Operation(
        "delete_client", "DELETE", _ONE, "Delete a client with its consents and tokens.",
        "dw_client:delete", OneClient, type(None), delete_client, "client delete", ("client_id",),
    ),
)  # fmt: skip
