"""Clients on a real database."""

from __future__ import annotations

import pytest

from doorward.core.audit import AUDIT_EVENTS
from doorward.core.errors import Conflict, Invalid, InvalidClient, NotFound, OAuthError
from doorward.domain.accounts.records import SERVICE_ACCOUNTS
from doorward.domain.clients import flow, reads
from doorward.domain.clients.records import CLIENTS
from doorward.ports import World

pytestmark = pytest.mark.anyio
CALLBACK = ("https://app.example.com/cb",)


async def test_a_confidential_client_and_its_principal(world: World) -> None:
    client, secret = await flow.register(
        world, client_name="Reports", client_id="reports", grant_types=("client_credentials",), scope=["invoice:read"]
    )
    assert secret is not None
    assert await reads.client(world, "reports") == client
    account = await world.storage.get(SERVICE_ACCOUNTS, client.service_account or "")
    assert account is not None
    assert (account.name, account.subject) == ("reports", f"service_account:{client.service_account}")
    stored = await world.storage.page(CLIENTS)
    assert secret not in repr(stored)


async def test_a_public_client_has_no_secret(world: World) -> None:
    client, secret = await flow.register(
        world, client_name="App", redirect_uris=CALLBACK, token_endpoint_auth_method="none"
    )
    assert secret is None
    assert client.client_id.startswith("cli_")
    assert await flow.authenticate_client(world, {"client_id": client.client_id}, None) == client


async def test_an_id_is_taken_once(world: World) -> None:
    await flow.register(world, client_name="App", client_id="app", redirect_uris=CALLBACK)
    for grants in (("authorization_code",), ("authorization_code", "client_credentials")):
        with pytest.raises(Conflict) as refused:
            await flow.register(world, client_name="App", client_id="app", redirect_uris=CALLBACK, grant_types=grants)
        assert refused.value.reason == "client.exists"


async def test_two_clients_may_have_one_name(world: World) -> None:
    for _ in range(2):
        await flow.register(world, client_name="Job", grant_types=("client_credentials",))
    assert len(await reads.clients(world)) == 2


async def test_refused_registration_leaves_nothing(world: World) -> None:
    with pytest.raises(Invalid):
        await flow.register(world, client_name="App", redirect_uris=("http://app.example.com/",))
    assert await reads.clients(world) == []


async def test_update(world: World) -> None:
    client, secret = await flow.register(world, client_name="App", redirect_uris=CALLBACK, resource="https://a.example")
    changed = await flow.update(
        world,
        client.client_id,
        client_name="Renamed",
        redirect_uris=["https://app.example.com/other"],
        resource="",
        first_party=True,
        client_uri="https://app.example.com",
    )
    assert changed == await reads.client(world, client.client_id)
    assert (changed.client_name, changed.resource, changed.first_party) == ("Renamed", None, True)
    assert changed.redirect_uris == ("https://app.example.com/other",)
    same = {"client_id": client.client_id, "client_secret": secret or ""}
    with pytest.raises(InvalidClient):
        await flow.authenticate_client(world, same, None)
    with pytest.raises(NotFound):
        await flow.update(world, "nobody", client_name="x")


async def test_the_old_secret_ends_when_a_new_one_is_made(world: World) -> None:
    client, old = await flow.register(
        world, client_name="App", redirect_uris=CALLBACK, token_endpoint_auth_method="client_secret_post"
    )
    new = await flow.rotate_secret(world, client.client_id)
    assert old is not None
    with pytest.raises(InvalidClient):
        await flow.authenticate_client(world, {"client_id": client.client_id, "client_secret": old}, None)
    found = await flow.authenticate_client(world, {"client_id": client.client_id, "client_secret": new}, None)
    assert found.client_id == client.client_id


async def test_each_refusal_leaves_one_event_without_a_secret(world: World) -> None:
    client, _ = await flow.register(world, client_name="App", redirect_uris=CALLBACK)
    tries: list[tuple[dict[str, str], str | None]] = [
        ({"client_id": client.client_id, "client_secret": "canary"}, None),
        ({"client_id": "canary", "client_secret": "canary"}, None),
        ({"client_secret": "canary"}, "Basic canary"),
        ({}, None),
    ]
    for parameters, header in tries:
        with pytest.raises(OAuthError) as refused:
            await flow.authenticate_client(world, parameters, header)
        assert refused.value.recorded
    events = await world.storage.page(AUDIT_EVENTS, {"action": "client.refuse"})
    assert {event.outcome for event in events} == {"refused"}
    assert "canary" not in repr(events)
    assert sorted(event.target for event in events) == [f"client:{client.client_id}", *["client:unknown"] * 3]


async def test_not_found_names_the_nearest(world: World) -> None:
    await flow.register(world, client_name="App", client_id="reports", redirect_uris=CALLBACK)
    with pytest.raises(NotFound) as missed:
        await reads.client(world, "report")
    assert "`reports`" in missed.value.hint
    with pytest.raises(NotFound) as missed:
        await reads.client(world, "zzz")
    assert missed.value.hint == ""
    assert await reads.clients(world, after="reports") == []
