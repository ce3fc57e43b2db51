"""How the world answers: database, clock, random numbers, password hashing, the server key. Joined by `app.py`."""

from doorward.adapters.argon2 import Argon2Hasher
from doorward.adapters.clock import SystemClock
from doorward.adapters.entropy import SystemEntropy
from doorward.adapters.keyring import AesKeyring

__all__ = ["AesKeyring", "Argon2Hasher", "SystemClock", "SystemEntropy"]
