"""Row 1: whatever takes a JWT takes none but ours, for it, as it was signed. Full: TESTS_SECURITY=full."""

from __future__ import annotations

import hmac
import itertools
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from doorward.core.errors import InvalidToken, Unauthenticated
from doorward.core.instant import to_unix
from doorward.core.jose import verification
from doorward.core.jose.algorithms import ALGORITHMS
from doorward.core.jose.encoding import decode, json_object
from doorward.core.jose.keys import PublicKey
from doorward.core.oauth.client import Client
from doorward.core.table import DeleteWhere, Put
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.clients.flow import register
from doorward.domain.clients.records import CLIENTS
from doorward.domain.decisions.authenticate import authenticate
from doorward.domain.signing_keys.flow import ensure, rotate
from doorward.domain.tokens import flow
from doorward.domain.tokens.records import REVOKED_TOKENS
from doorward.features import introspection, openid, revocation
from doorward.ports import World
from tests.core.jose.keys import made
from tests.features.serving import serving
from tests.security import forgeries
from tests.security.figures import figures
from tests.security.forgeries import Real

pytestmark = pytest.mark.anyio

FULL = os.environ.get("TESTS_SECURITY") == "full"
TRIES = 20_000 if FULL else 1_500
API = "https://api.example"


@dataclass
class Door:
    """Everything in this installation that takes a JWT, each as a question: was this text accepted?"""

    world: World
    http: httpx.AsyncClient
    introspecting: tuple[str, str]

    async def bearer(self, token: str) -> bool:
        return await holds(flow.verify_access_token(self.world, token, audience=API))

    async def authenticate(self, token: str) -> bool:
        return await holds(authenticate(self.world, token, audience=API))

    async def id_token_hint(self, token: str) -> bool:
        return await holds(flow.id_token_hint(self.world, token))

    async def userinfo(self, token: str) -> bool:
        sent = b"Bearer " + token.encode("utf-8", "surrogatepass")
        answer = await self.http.get("/oauth2/userinfo", headers={b"authorization": sent})
        assert answer.status_code in {200, 401}, answer.text
        return answer.status_code == 200

    async def introspection(self, token: str) -> bool:
        answer = await self.http.post("/oauth2/introspect", data={"token": token}, auth=self.introspecting)
        assert answer.status_code == 200 or not token, answer.text
        return answer.status_code == 200 and answer.json() != {"active": False}

    async def revocation(self, token: str) -> bool:
        answer = await self.http.post("/oauth2/revoke", data={"token": token, "client_id": "app"})
        assert answer.status_code == 200 or not token, answer.text
        if not await self.world.storage.page(REVOKED_TOKENS, limit=1):
            return False
        revoked = await self.world.storage.page(REVOKED_TOKENS)
        await self.world.storage.commit([DeleteWhere(REVOKED_TOKENS, {"jti": row.jti}) for row in revoked])
        return True


async def holds(answer: Awaitable[object]) -> bool:
    try:
        await answer
    except (InvalidToken, Unauthenticated):
        return False
    return True


@pytest.fixture
async def door(world: World) -> AsyncIterator[Door]:
    await ensure(world, make=made)
    _, secret = await register(
        world, client_name="api", client_id="api", grant_types=("client_credentials",), resource=API
    )
    assert secret is not None
    await world.storage.commit([
        Put(USERS, User("usr_1", "ann", "ann")), Put(SERVICE_ACCOUNTS, ServiceAccount("svc_1", "job", "job")),
        Put(CLIENTS, Client("app", "App", token_endpoint_auth_method="none")), Put(CLIENTS, Client("other", "Other")),
    ])  # fmt: skip
    async with AsyncExitStack() as stack:
        features = [introspection.FEATURE, revocation.FEATURE, openid.FEATURE]
        http = await stack.enter_async_context(serving(world, features))
        yield Door(world, http, ("api", secret))


async def access(world: World, **more: Any) -> str:
    plain: dict[str, Any] = {
        "subject": "usr_1", "client_id": "app", "scope": ("openid", "invoice:read"), "acr": "urn:x", "amr": ["pwd"],
        "audience": [API, world.settings.public_url], "auth_time": world.clock.now(),
    }  # fmt: skip
    return (await flow.access_token(world, **{**plain, **more}))[0]


async def real(world: World, typ: str) -> Real:
    """A real token of this kind, and what an attacker may have beside it."""
    tokens = [await access(world), await access(world, acr="urn:y")]
    hints = [
        await flow.id_token(
            world, subject="usr_1", client_id="app", nonce=nonce, session="ses_1", access_token=tokens[0]
        )
        for nonce in ("n", "m")
    ]
    mine, theirs = (tokens, hints) if typ == "at+jwt" else (hints, tokens)
    keys = [made("ES256"), made("RS256")]
    return Real(
        token=mine[0],
        typ=typ,
        claims=json_object(decode(mine[0].split(".")[1])),
        key=keys[typ != "at+jwt"],
        second=keys[typ == "at+jwt"],
        attacker=made("ES256", 66),
        attacker_rsa=made("RS256", 66),
        sibling=theirs[0],
        other=mine[1],
    )


ENTRIES: dict[str, tuple[str, tuple[Callable[[Real], Any], ...]]] = {
    "bearer": ("at+jwt", (forgeries.out_of_time, forgeries.elsewhere)),
    "authenticate": ("at+jwt", (forgeries.out_of_time, forgeries.elsewhere)),
    "userinfo": ("at+jwt", (forgeries.out_of_time, forgeries.elsewhere)),
    "introspection": ("at+jwt", (forgeries.out_of_time, forgeries.elsewhere)),
    "revocation": ("at+jwt", (forgeries.out_of_time,)),  # a client ends its own token, whatever API it is for
    "id_token_hint": ("JWT", ()),  # an expired one is welcome, and the audience is the caller's to compare
}


def same_in_a_header(entry: str, forged: str, genuine: Real) -> bool:
    """White space round a header's value is not part of it: RFC 9110 §5.5."""
    return entry == "userinfo" and forged.strip() in (genuine.token, genuine.other)


async def try_all(door: Door, entry: str, tries: int) -> tuple[int, list[tuple[str, str]], Counter[str]]:
    typ, more = ENTRIES[entry]
    genuine = await real(door.world, typ)
    present: Callable[[str], Awaitable[bool]] = getattr(door, entry)
    assert await present(genuine.token)
    through, families, tried = [], Counter[str](), 0
    for family, forged in itertools.islice(forgeries.forgeries(genuine, *more), tries):
        if not same_in_a_header(entry, forged, genuine):
            tried += 1
            families[family] += 1
            if await present(forged):
                through.append((family, forged))
    assert await present(genuine.other)
    return tried, through, families


@pytest.mark.parametrize("entry", list(ENTRIES))
async def test_no_forgery_is_accepted(door: Door, entry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, through, families = await try_all(door, entry, TRIES + 20)
    with monkeypatch.context() as weakened:
        weakened.setattr(verification, "require", blind_to("`alg` is not its key's"))
        caught = await caught_after(door, entry)
    planted = f"a verifier that does not compare `alg`, caught after {caught}"
    figures.record(1, f"JWT forgeries at {entry}", tried, len(through), planted)
    assert through == []
    assert caught > 0
    assert tried >= TRIES
    assert len(families) == len(forgeries.COMMON) + len(ENTRIES[entry][1]) + 1
    assert min(families.values()) >= 10


def blind_to(what: str) -> Callable[[bool, str], None]:
    """`require`, but for one thing."""

    def careless(holds: bool, description: str) -> None:
        if not holds and what not in description:
            raise InvalidToken(description, reason="credential.invalid")

    return careless


async def caught_after(door: Door, entry: str) -> int:
    """How many forgeries it takes to find a weakness; 0 when none of the slice does."""
    typ, more = ENTRIES[entry]
    genuine = await real(door.world, typ)
    for number, (_, forged) in enumerate(itertools.islice(forgeries.forgeries(genuine, *more), 1_500), 1):
        if await getattr(door, entry)(forged):
            return number
    return 0


async def test_a_verifier_that_believes_the_algorithm_is_found(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The classic: the token's `alg` picks how it is verified, so the public key becomes the secret of a MAC."""
    honest = PublicKey.verify

    def confused(self: PublicKey, message: bytes, signature: bytes) -> bool:
        pem = self.material.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return hmac.digest(pem, message, "sha256") == signature or honest(self, message, signature)

    genuine = await real(door.world, "at+jwt")
    forged = list(forgeries.macs(genuine))
    through = [await door.bearer(one) for one in forged]
    monkeypatch.setattr(PublicKey, "verify", confused)
    monkeypatch.setattr(verification, "require", blind_to("`alg`"))
    caught = [await door.bearer(one) for one in forged].index(True) + 1
    planted = f"HS256 keyed with the public key, caught after {caught}"
    figures.record(1, "MACs of a JWT", len(forged), sum(through), planted)


@pytest.mark.parametrize("entry", [name for name, (typ, _) in ENTRIES.items() if typ == "at+jwt"])
async def test_every_real_access_token_is_accepted(door: Door, entry: str) -> None:
    world = door.world
    await ensure(world, ALGORITHMS, made)
    people = ("usr_1",) if entry == "userinfo" else ("usr_1", "svc_1")
    tokens = [
        await access(world, subject=subject, algorithm=algorithm, scope=scope, organization=organization)
        for algorithm in ALGORITHMS
        for subject in people
        for scope in (("openid",), ("openid", "invoice:*", "profile"))
        for organization in (None, "acme")
    ]
    genuine = await real(world, "at+jwt")
    tokens.append(genuine.sign({**genuine.header, "typ": "application/at+jwt"}))
    tokens.append(genuine.sign({**genuine.header, "cty": "x", "x": [1]}, {**genuine.claims, "unknown": {"a": [None]}}))
    tokens.append(genuine.sign(genuine.header, {**genuine.claims, "exp": to_unix(world.clock.now()) + 1}))
    await rotate(world, "ES256", lambda algorithm: made(algorithm, 51))
    tokens.append(await access(world))
    present = getattr(door, entry)
    assert [await present(token) for token in tokens] == [True] * len(tokens)


async def test_every_real_id_token_comes_back(door: Door) -> None:
    world = door.world
    await ensure(world, ALGORITHMS, made)
    tokens = [
        await flow.id_token(
            world, subject="usr_1", client_id="app", algorithm=algorithm, nonce=nonce, audience=audience
        )
        for algorithm in ALGORITHMS
        for nonce in (None, "n")
        for audience in ((), (API,))
    ]
    genuine = await real(world, "JWT")
    tokens += [genuine.sign(genuine.header, {**genuine.claims, "exp": at}) for at in (0, 1, genuine.claims["iat"] - 1)]
    assert [await door.id_token_hint(token) for token in tokens] == [True] * len(tokens)
