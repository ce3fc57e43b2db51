"""Whose scripts may read our answers, at every moment: also when clients come, change and go."""

from __future__ import annotations

import pytest

from doorward.domain.clients import flow
from doorward.domain.clients.origins import RegisteredOrigins
from doorward.domain.lifecycle.flow import delete_client, disable_client, enable_client
from doorward.engine import RelationIndex
from doorward.ports import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def origins(world: World) -> RegisteredOrigins:
    followed = RegisteredOrigins()
    assert isinstance(world.relations, RelationIndex)
    world.relations.follow(followed)
    return followed


async def test_the_origins_of_redirect_uris_and_no_others(world: World, origins: RegisteredOrigins) -> None:
    uris = ("https://app.example.com:8443/cb", "http://127.0.0.1:5000/cb", "com.example.app:/cb", "http://[::1]:70/cb")
    await flow.register(world, client_name="App", redirect_uris=uris, token_endpoint_auth_method="none")
    for origin in ("https://app.example.com:8443", "http://127.0.0.1:5000", "http://[::1]:70"):
        assert await origins(world, origin)
    for origin in (
        "https://app.example.com",
        "http://app.example.com:8443",
        "https://APP.example.com:8443",
        "http://127.0.0.1:5001",
        "null",
        "http:",
        "com.example.app:",
        "",
    ):
        assert not await origins(world, origin)


async def test_they_follow_the_clients(world: World, origins: RegisteredOrigins) -> None:
    here, there = "https://app.example.com", "https://other.example.com"
    assert not await origins(world, here)
    client, _ = await flow.register(world, client_name="App", client_id="app", redirect_uris=(f"{here}/cb",))
    assert await origins(world, here)
    await disable_client(world, client)
    assert not await origins(world, here)
    await enable_client(world, client)
    assert await origins(world, here)
    client = await flow.update(world, "app", redirect_uris=(f"{there}/cb",))
    assert (await origins(world, here), await origins(world, there)) == (False, True)
    await delete_client(world, client)
    assert not await origins(world, there)
