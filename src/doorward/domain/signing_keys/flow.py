"""Signing keys at work: made once, opened once a process, read again soon after another process changed them.

What only verifies (`key_set`, `public_keys`) never touches the server key, so a guard without one can use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from doorward.core.errors import Exists, Unavailable
from doorward.core.instant import Instant, Seconds, after
from doorward.core.jose.algorithms import Algorithm
from doorward.core.jose.keys import KeySet
from doorward.core.jose.keys import key_set as set_of
from doorward.core.jose.signing import PrivateKey, private_key
from doorward.domain.signing_keys import rules
from doorward.domain.signing_keys.records import SIGNING_KEYS, SigningKey
from doorward.ports import Signer, Storage, World, flow

DEFAULT_ALGORITHMS: tuple[Algorithm, ...] = ("ES256", "RS256")
"""Access tokens are signed by the first, id tokens by the second."""

MEMORY = Seconds(10)
"""How long a process goes on with the keys it has read. A `kid` it does not know is looked up at once."""

RSA_BITS = 2048
_KEY_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A Signer whose private key is in this process."""

    key: PrivateKey

    @property
    def kid(self) -> str:
        return self.key.kid

    @property
    def algorithm(self) -> Algorithm:
        return self.key.algorithm

    async def sign(self, message: bytes) -> bytes:
        """The signature, made on this thread: 20 µs for ES256."""
        return self.key.sign(message)


@dataclass(slots=True)
class _Known:
    """What this process has read of one database's keys, and until when it goes on with it."""

    set: KeySet | None = None
    set_until: Instant = Instant(0)
    signers: dict[Algorithm, tuple[LocalSigner, Instant]] = field(default_factory=dict)


_known: WeakKeyDictionary[Storage, _Known] = WeakKeyDictionary()


def generate(algorithm: Algorithm) -> PrivateKey:
    """A fresh key pair, of the operating system's randomness. RSA takes a tenth of a second or more."""
    if algorithm == "ES256":
        return private_key(ec.generate_private_key(ec.SECP256R1()), algorithm)
    if algorithm == "EdDSA":
        return private_key(ed25519.Ed25519PrivateKey.generate(), algorithm)
    return private_key(rsa.generate_private_key(65537, RSA_BITS), algorithm)


async def ensure(
    world: World,
    algorithms: Sequence[Algorithm] = DEFAULT_ALGORITHMS,
    make: Callable[[Algorithm], PrivateKey] = generate,
) -> None:
    """See to it that a key signs by each of these algorithms. Several processes may do so at once: one key is kept."""
    for algorithm in algorithms:
        if await world.storage.find(SIGNING_KEYS, signs=algorithm) is None:
            made = await asyncio.to_thread(make, algorithm)
            try:
                await world.commit(rules.install(_record(world, made), None, world.clock.now()))
            except Exists:
                continue  # another process was first, and its key is the one


@flow
async def _replace(world: World, made: PrivateKey) -> SigningKey:
    old = await world.storage.find(SIGNING_KEYS, signs=made.algorithm)
    return await world.commit(rules.install(_record(world, made), old, world.clock.now()))


async def rotate(world: World, algorithm: Algorithm, make: Callable[[Algorithm], PrivateKey] = generate) -> SigningKey:
    """A new key signs from now on in this process, within MEMORY in others; the old one stays published.

    Does NOT withdraw the old key: what it signed still verifies until it expires.
    """
    installed = await _replace(world, await asyncio.to_thread(make, algorithm))
    _known.pop(world.storage, None)
    return installed


async def signer(world: World, algorithm: Algorithm) -> Signer:
    """The Signer by this algorithm. Unavailable when there is no key, or the server key does not open it."""
    now, known = world.clock.now(), _of(world)
    if (held := known.signers.get(algorithm)) and _fresh(held[1], now):
        return held[0]
    row = await world.storage.find(SIGNING_KEYS, signs=algorithm)
    if row is None:
        raise Unavailable(f"no key signs by {algorithm}", reason="signing_key.missing", hint="restart doorward")
    found = held[0] if held and held[0].kid == row.kid else LocalSigner(_opened(world, row))
    known.signers[algorithm] = found, after(now, MEMORY)
    return found


async def public_keys(world: World) -> list[SigningKey]:
    """Every key, retired ones too, as they stand in the database."""
    return await world.storage.page(SIGNING_KEYS, limit=_KEY_LIMIT)


async def key_set(world: World, kid: str | None = None) -> KeySet:
    """The keys that verify what this installation signs. `kid` is what the token at hand names: one that this process
    does not know, but the database does, makes it read them anew. Does NOT need the server key."""
    now, known = world.clock.now(), _of(world)
    if known.set is not None and _fresh(known.set_until, now):
        unknown = kid is not None and known.set.get(kid) is None
        if not unknown or await world.storage.get(SIGNING_KEYS, kid) is None:
            return known.set
    known.set = set_of(key.public for key in await public_keys(world))
    known.set_until = after(now, MEMORY)
    return known.set


def _of(world: World) -> _Known:
    return _known.setdefault(world.storage, _Known())


def _fresh(until: Instant, now: Instant) -> bool:
    return after(until, Seconds(-MEMORY)) <= now < until  # a clock set back makes it stale, not eternal


def _record(world: World, made: PrivateKey) -> SigningKey:
    der = made.material.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sealed = world.keyring.seal(der, (SIGNING_KEYS.name, made.kid, "sealed"))
    return SigningKey(made.kid, made.algorithm, made.jwk, sealed, world.clock.now())


def _opened(world: World, row: SigningKey) -> PrivateKey:
    material = load_der_private_key(world.keyring.open(row.sealed, (SIGNING_KEYS.name, row.kid, "sealed")), None)
    if not isinstance(material, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise Unavailable("a signing key is of an unknown kind", reason="signing_key.unknown")
    opened = private_key(material, row.algorithm)
    if opened.kid != row.kid:
        raise Unavailable("a signing key's halves do not belong together", reason="signing_key.mismatch")
    return opened
