"""What clients find out by themselves: true, cacheable, readable across origins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from doorward.core.instant import Instant
from doorward.core.jose.keys import key_set
from doorward.core.jose.signing import private_key
from doorward.core.settings import Settings
from doorward.core.table import Put
from doorward.domain.signing_keys.flow import ensure, rotate
from doorward.domain.signing_keys.records import SIGNING_KEYS
from doorward.feature import Feature, collect
from doorward.features import FEATURES, discovery, introspection, revocation
from doorward.ports import World
from tests.core.jose.keys import made
from tests.features.serving import serving

pytestmark = pytest.mark.anyio

MINE = (discovery.FEATURE, introspection.FEATURE, revocation.FEATURE)
OPENID, OAUTH = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"


async def test_both_documents_say_what_is_built(world: World) -> None:
    at = world.settings.public_url
    async with serving(world, MINE) as http:
        openid, oauth = await http.get(OPENID), await http.get(OAUTH)
    assert openid.json() == oauth.json()
    assert openid.json() == {
        "issuer": at,
        "jwks_uri": f"{at}/oauth2/jwks",
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sid"],
        "introspection_endpoint": f"{at}/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint": f"{at}/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    }
    assert openid.headers["content-type"] == "application/json"
    assert openid.headers["cache-control"] == "public, max-age=300"


@pytest.mark.spec("rfc8414#2")
async def test_every_endpoint_that_is_named_is_there(world: World) -> None:
    """Each `…_endpoint` and `…_uri` of the document is a route of the house, and the issuer is the public URL."""
    routes = {route.path for route in collect(MINE).routes()}
    said = collect(MINE).metadata(world.settings)
    named = [value for name, value in said.items() if name.endswith(("_endpoint", "_uri"))]
    assert {value.removeprefix(world.settings.public_url) for value in named} <= routes
    assert said["issuer"] == world.settings.public_url


async def test_the_whole_house_says_all_that_a_client_must_know(world: World) -> None:
    """RFC 8414 §2 and OpenID Connect Discovery §3: what is required, and no endpoint that is not there."""
    house = collect(FEATURES)
    said = house.metadata(world.settings)
    assert {
        "issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "scopes_supported",
        "response_types_supported", "grant_types_supported", "subject_types_supported", "claims_supported",
        "id_token_signing_alg_values_supported", "token_endpoint_auth_methods_supported", "introspection_endpoint",
        "revocation_endpoint", "code_challenge_methods_supported", "authorization_response_iss_parameter_supported",
        "request_parameter_supported", "request_uri_parameter_supported",
    } <= said.keys()  # fmt: skip
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert said["grant_types_supported"] == sorted(house.grants)
    assert {"sub", "sid"} <= set(said["claims_supported"])
    routes = {route.path for route in house.routes()}
    named = [value for name, value in said.items() if name.endswith(("_endpoint", "_uri"))]
    assert {value.removeprefix(world.settings.public_url) for value in named} <= routes


async def test_what_others_add_is_there_and_what_is_not_built_is_not(world: World) -> None:
    other = Feature("other", metadata=lambda settings, house: {"grant_types_supported": sorted(house.grants)})
    async with serving(world, [discovery.FEATURE, other]) as http:
        said = (await http.get(OPENID)).json()
    assert said["grant_types_supported"] == []
    assert "revocation_endpoint" not in said


async def test_documentation_is_named_where_there_is_some(world: World) -> None:
    settings = replace(world.settings, service_documentation="https://docs.example")
    async with serving(replace(world, settings=settings), MINE) as http:
        assert (await http.get(OPENID)).json()["service_documentation"] == "https://docs.example"


@pytest.mark.parametrize("name", ["oauth-authorization-server", "openid-configuration"])
async def test_an_issuer_with_a_path_is_found_in_front_and_behind(world: World, name: str) -> None:
    issuer = "https://x.example/auth"
    world = replace(world, settings=Settings(public_url=issuer))
    async with serving(world, MINE) as http:
        for path in (f"https://x.example/.well-known/{name}/auth", f"https://x.example/auth/.well-known/{name}"):
            assert (await http.get(path)).json()["issuer"] == issuer
        for path in ("/auth/more", "/other", "/auth/auth", "/evil/auth", "auth"):
            assert (await http.get(f"https://x.example/.well-known/{name}{path}")).status_code == 404


async def test_the_keys_verify_and_hold_no_secret(world: World) -> None:
    await ensure(world, make=made)
    retired = made("ES256")
    await rotate(world, "ES256", lambda algorithm: made(algorithm, 41))
    async with serving(world, MINE) as http:
        answer = await http.get("/oauth2/jwks")
    assert answer.headers["content-type"] == "application/json"
    published = answer.json()["keys"]
    assert {key["kid"] for key in published} == {retired.kid, made("ES256", 41).kid, made("RS256").kid}
    assert published[-1]["kid"] == retired.kid
    assert all(set(key) <= {"kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"} for key in published)
    assert key_set(published).get(retired.kid) is not None


async def test_before_any_key_there_is_an_empty_set(world: World) -> None:
    async with serving(world, MINE) as http:
        assert (await http.get("/oauth2/jwks")).json() == {"keys": []}


@pytest.mark.parametrize("path", [OPENID, OAUTH, "/oauth2/jwks"])
async def test_a_cache_asks_whether_it_changed(world: World, path: str) -> None:
    await ensure(world, ["ES256"], made)
    async with serving(world, MINE) as http:
        first = await http.get(path)
        tag = first.headers["etag"]
        for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            again = await http.get(path, headers={"if-none-match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert (await http.get(path, headers={"if-none-match": '"x"'})).status_code == 200
        await ensure(world, ["EdDSA"], made)
        assert ((await http.get(path)).headers["etag"] != tag) == path.endswith("jwks")


@pytest.mark.parametrize("path", [OPENID, OAUTH, "/oauth2/jwks"])
async def test_registered_origins_may_read_it(world: World, path: str) -> None:
    async with serving(world, MINE) as http:
        theirs = await http.get(path, headers={"origin": "https://app.example"})
        strangers = await http.get(path, headers={"origin": "https://evil.example"})
    assert theirs.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-credentials" not in theirs.headers
    assert "access-control-allow-origin" not in strangers.headers


async def test_a_row_with_a_private_member_publishes_none_of_it(world: World) -> None:
    from dataclasses import replace as changed

    from doorward.domain.signing_keys.records import SigningKey

    key = private_key(made("ES256").material, "ES256")
    row = SigningKey(key.kid, "ES256", {**key.jwk, "d": "c2VjcmV0"}, b"", Instant(0))
    await world.storage.commit([Put(SIGNING_KEYS, changed(row, signs="ES256"))])
    async with serving(world, MINE) as http:
        answer: dict[str, Any] = (await http.get("/oauth2/jwks")).json()
    assert "d" not in answer["keys"][0]
