"""Register, change and authenticate clients: load, decide, commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from doorward.core.errors import Conflict, Exists, OAuthError
from doorward.core.oauth.client import AuthMethod, Client
from doorward.core.secret import digest, new_secret
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, ServiceAccount
from doorward.domain.accounts.rules import service_account_key
from doorward.domain.clients import reads, rules
from doorward.domain.clients.records import CLIENTS
from doorward.ports import World, flow


@flow
async def register(
    world: World,
    *,
    client_name: str,
    client_id: str | None = None,
    redirect_uris: Sequence[str] = (),
    grant_types: Sequence[str] = ("authorization_code",),
    token_endpoint_auth_method: AuthMethod = "client_secret_basic",
    scope: Sequence[str] = (),
    resource: str | None = None,
    post_logout_redirect_uris: Sequence[str] = (),
    first_party: bool = False,
    client_uri: str = "",
) -> tuple[Client, str | None]:
    """A new client, and its secret if it is confidential, which is shown this once. RFC 7591 §2.

    With client_credentials it gets a service account of its own in the same batch. Errors Invalid; Conflict when
    the client_id is taken.
    """
    now = world.clock.now()
    client = Client(
        client_id=client_id if client_id is not None else world.new_id("cli"),
        client_name=client_name,
        redirect_uris=tuple(redirect_uris),
        grant_types=tuple(grant_types),
        token_endpoint_auth_method=token_endpoint_auth_method,
        scope=tuple(scope),
        resource=resource,
        post_logout_redirect_uris=tuple(post_logout_redirect_uris),
        first_party=first_party,
        client_uri=client_uri,
        created=now,
    )
    secret = None if client.public else _secret(world)
    client = replace(client, secret_digest=None if secret is None else digest(secret))
    try:
        return await world.commit(rules.register(client, _account(world, client))), secret
    except Exists as taken:
        what = "service account" if taken.table == SERVICE_ACCOUNTS.name else "client"
        raise Conflict(f"a {what} `{client.client_id}` exists already", reason="client.exists") from None


@flow
async def update(
    world: World,
    client_id: str,
    *,
    client_name: str | None = None,
    redirect_uris: Sequence[str] | None = None,
    grant_types: Sequence[str] | None = None,
    scope: Sequence[str] | None = None,
    resource: str | None = None,
    post_logout_redirect_uris: Sequence[str] | None = None,
    first_party: bool | None = None,
    client_uri: str | None = None,
) -> Client:
    """Change what is given; an empty `resource` takes the default audience away. Errors NotFound, Invalid.

    Does NOT change how the client authenticates: register another.
    """
    old = await reads.client(world, client_id)
    lists = {
        "redirect_uris": redirect_uris,
        "grant_types": grant_types,
        "scope": scope,
        "post_logout_redirect_uris": post_logout_redirect_uris,
    }
    new = replace(
        old,
        client_name=old.client_name if client_name is None else client_name,
        resource=old.resource if resource is None else resource or None,
        first_party=old.first_party if first_party is None else first_party,
        client_uri=old.client_uri if client_uri is None else client_uri,
        **{name: tuple(value) for name, value in lists.items() if value is not None},  # type: ignore[arg-type]  # by name
    )
    return await world.commit(rules.update(old, new, _account(world, old)))


@flow
async def rotate_secret(world: World, client_id: str) -> str:
    """A new secret, shown this once; the old one ends at once. Errors NotFound, Invalid for a public client."""
    return await world.commit(rules.rotate(await reads.client(world, client_id), _secret(world)))


@flow
async def authenticate_client(world: World, parameters: Mapping[str, str], authorization: str | None) -> Client:
    """The client that a request to the token, introspection or revocation endpoint comes from. RFC 6749 §2.3.

    `parameters` are the form's, each once; `authorization` is the header as it came. Errors InvalidClient,
    InvalidRequest; each leaves one audit event, within `core.audit.refusals`. A secret has 256 bits, so guesses are
    recorded and not slowed down.
    Does NOT check that the client may use a grant.
    """
    try:
        shown = rules.presented(parameters, authorization)
    except OAuthError as error:
        return await world.commit(rules.refused(None, error))
    client = await world.storage.get(CLIENTS, shown.client_id)
    return await world.commit(rules.authenticate(client, shown))


def _secret(world: World) -> str:
    return new_secret(rules.SECRET_PREFIX, world.entropy.bytes(32))


def _account(world: World, client: Client) -> ServiceAccount:
    """The principal a client may need, named by its client_id, which is unique and stays."""
    name = client.client_id
    return ServiceAccount(
        id=world.new_id("svc"), name=name, name_key=service_account_key(name), created=world.clock.now()
    )
