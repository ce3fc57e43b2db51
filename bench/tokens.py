"""Tokens a second of one CPU, signed and verified, and the floor beside each: the bare signature of the same run.

`python bench/tokens.py [seconds each]`. The pure part is core/jose; the whole is the flow on a SQLite file, which asks
for all that the token hangs on.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from doorward.core.instant import Seconds
from doorward.core.jose.access_token import access_claims, read_access_token
from doorward.core.jose.keys import key_set
from doorward.core.jose.signing import PrivateKey, compact, private_key, signing_input
from doorward.core.oauth.client import Client
from doorward.core.table import Put
from doorward.domain.accounts.records import USERS, User
from doorward.domain.clients.records import CLIENTS
from doorward.domain.signing_keys.flow import ensure
from doorward.domain.tokens import flow
from doorward.testing import FakeClock, open_world

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
ISSUER, API = "https://auth.example.com", "https://api.example.com"
NOW = FakeClock().now()


def rate(work: Callable[[], object]) -> float:
    """Calls a second of CPU time: what else the machine does counts less."""
    count, end = 0, time.process_time() + SECONDS
    while time.process_time() < end:
        for _ in range(20):
            work()
        count += 20
    return count / SECONDS


async def async_rate(work: Callable[[], Awaitable[object]]) -> float:
    count, end = 0, time.process_time() + SECONDS
    while time.process_time() < end:
        for _ in range(20):
            await work()
        count += 20
    return count / SECONDS


def line(name: str, ours: float, floor: float) -> None:
    print(f"{name:34} {ours:9,.0f} /s   bare signature {floor:9,.0f} /s   ratio {ours / floor:.2f}")


def bare(key: PrivateKey) -> tuple[Callable[[], object], Callable[[], object]]:
    message, material = b"m" * 600, key.material
    if isinstance(material, ec.EllipticCurvePrivateKey):
        scheme = ec.ECDSA(hashes.SHA256())
        signed, public = material.sign(message, scheme), material.public_key()
        return lambda: material.sign(message, scheme), lambda: public.verify(signed, message, scheme)
    assert isinstance(material, rsa.RSAPrivateKey)
    made, pad, sha = material.sign(message, padding.PKCS1v15(), hashes.SHA256()), padding.PKCS1v15(), hashes.SHA256()
    there = material.public_key()
    return lambda: material.sign(message, pad, sha), lambda: there.verify(made, message, pad, sha)


def pure(key: PrivateKey) -> tuple[Callable[[], str], Callable[[], object]]:
    def sign() -> str:
        claims = access_claims(
            issuer=ISSUER, subject="usr_01KBQ3V5N8ZJ4C7M2H6T9R1WXY", audience=(API,), client_id="app", now=NOW,
            scope=("invoice:read", "invoice:list"), jti="tok_01KBQ3V5N8ZJ4C7M2H6T9R1WXZ", lifetime=Seconds(600),
        )  # fmt: skip
        message = signing_input(key.algorithm, key.kid, "at+jwt", claims)
        return compact(message, key.sign(message))

    token, keys = sign(), key_set([key.jwk])
    return sign, lambda: read_access_token(token, keys, issuer=ISSUER, audience=API, now=NOW)


async def whole(folder: str) -> tuple[float, float, float]:
    world = await open_world(Path(folder) / "bench.db", clock=FakeClock())
    await ensure(world, ["ES256"])
    await world.storage.commit([Put(USERS, User("usr_1", "ann", "ann")), Put(CLIENTS, Client("app", "App"))])
    family = (
        await flow.open_family(
            world, user="usr_1", client="app", scope=("openid",), audience=API, lifetime=Seconds(86_400)
        )
    ).id

    async def issue(family: str | None = None) -> str:
        token, _ = await flow.access_token(
            world, subject="usr_1", client_id="app", scope=("invoice:read",), audience=API, family=family
        )
        return token

    plain, linked = await issue(), await issue(family)
    rates = (
        await async_rate(issue),
        await async_rate(lambda: flow.verify_access_token(world, plain, audience=API)),
        await async_rate(lambda: flow.verify_access_token(world, linked, audience=API)),
    )
    await world.storage.close()
    return rates


def main() -> None:
    keys = [
        private_key(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        private_key(rsa.generate_private_key(65537, 2048), "RS256"),
    ]
    floors = {}
    for key in keys:
        (bare_sign, bare_verify), (sign, verify) = bare(key), pure(key)
        floors[key.algorithm] = rate(bare_sign), rate(bare_verify)
        line(f"{key.algorithm} access token, signed", rate(sign), floors[key.algorithm][0])
        line(f"{key.algorithm} access token, read", rate(verify), floors[key.algorithm][1])
    with tempfile.TemporaryDirectory() as folder:
        issued, plain, linked = asyncio.run(whole(folder))
    line("ES256 issued by the flow", issued, floors["ES256"][0])
    line("ES256 verified alive", plain, floors["ES256"][1])
    line("ES256 verified alive, in a family", linked, floors["ES256"][1])


if __name__ == "__main__":
    main()
