"""Redirect URIs that are nearly a registered one: the spellings by which codes have leaked elsewhere, mixed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from urllib.parse import quote

HTTPS = "https://app.example.com/callback"
QUERY = "https://app.example.com/callback?tenant=a%2fb&x"
PRIVATE = "com.example.app:/callback"
LOOPBACK = ("http://127.0.0.1/cb", "http://[::1]:7000/cb?a=b", "http://localhost:3000/cb")
CONFIDENTIAL = (HTTPS, QUERY, "http://127.0.0.1:5000/cb")
PUBLIC = (HTTPS, PRIVATE, *LOOPBACK)

_HOSTS = [
    "app.example.com.evil.example", "evil.example", "xapp.example.com", "app-example.com", "app.example.co",
    "example.com", "app.example.com.", ".app.example.com", "APP.example.com", "app.example.com%00.evil.example",
    "app%2eexample.com", "app.example.com%2f.evil.example", "аpp.example.com", "ａｐｐ.example.com", "app。example.com",
    "xn--pp-8cd.example.com", "127.0.0.1.evil.example", "localhost.evil.example", "127.1", "127.0.0.2", "0.0.0.0",
    "2130706433", "0x7f.1", "[::]", "[::ffff:127.0.0.1]", "[::1%25eth0]", "[0:0:0:0:0:0:0:1]", "localhost.",
    "LOCALHOST", "app.example.com\\.evil.example", "127.0.0.1", "[::1]", "localhost", "app.example.com",
]  # fmt: skip
_USERINFO = [
    "", "app.example.com@", "app.example.com:443@", "@", ":@", "user%40", "127.0.0.1@", "a\\@", "a%5c@", "[::1]@",
]  # fmt: skip
_PORTS = [
    "", ":443", ":80", ":0", ":65536", ":99999", ":08080", ":-1", ":", ":443:443", ":80@evil.example", ":١٢", ":8080",
    ":51234",
]  # fmt: skip
_PATHS = [
    "/callback", "/cb", "/cb?a=b", "/callback/", "/callback//", "/CALLBACK", "/callback/../callback", "/./callback",
    "/x/../callback", "/callback%2f", "/%63allback", "/callback;x", "/callback.evil", "/callback%00", "//callback",
    "/callback?", "/callback?x=1", "/callback#", "/callback#evil", "/callback%23",
    "/callback%0d%0aLocation:%20https://evil.example", "/cb/..;/cb", "", "/", "/callback?tenant=a%2Fb&x",
    "/callback?tenant=a/b&x", "/callback?x&tenant=a%2fb", "/callback?tenant=a%2fb&x&y", "/cb?a=b&code=x",
    "/callback?next=https://evil.example", "/callback/@evil.example", "/callback\\..\\evil", "/callback\t",
    "/callback\n", "/callback ",
]  # fmt: skip
_SCHEMES = [
    "https://", "http://", "HTTPS://", "https:/", "https:", "https:///", "//", "", "ftp://", "javascript://",
    "data:text/html,", "javascript:alert(1)//", "vbscript:", "file://", "blob:https://", "view-source:https://",
    "https:\\\\", "https://\t", "\thttps://", " https://", "com.example.app://", "com.example.app:",
    "com.example.application:", "http+x://", "intent://",
]  # fmt: skip
_MARKS = [
    "", " ", "\t", "\n", "\r\n", "\x00", "\x7f", "\\", "/", "?", "#", "%", "%00", "%0a", "%20", "&", ";", "@", ":",
    ".", "..", "é", "\u202e", "*", "a",
]  # fmt: skip


def corpus(registered: tuple[str, ...], count: int, seed: int = 7) -> Iterator[str]:
    """`count` addresses: every registered one and each of its one-character neighbours first, then mixes of parts."""
    yielded = 0
    for address in _near(registered):
        if yielded >= count:
            return
        yielded += 1
        yield address
    rng = random.Random(seed)
    parts = [rng.sample(part, len(part)) for part in (_SCHEMES, _USERINFO, _HOSTS, _PORTS, _PATHS)]
    mixes = list(product(_SCHEMES[:4], _USERINFO, _HOSTS, _PORTS, _PATHS[:12]))
    while yielded < count:
        scheme, user, host, port, path = rng.choice(mixes) if rng.random() < 0.7 else [rng.choice(p) for p in parts]
        yielded += 1
        yield f"{scheme}{user}{host}{port}{path}{rng.choice(_MARKS) if rng.random() < 0.2 else ''}"


def _near(registered: tuple[str, ...]) -> Iterator[str]:
    yield from registered
    for one in registered:
        for port in ("", ":1", ":80", ":8000", ":65535", ":65536", ":0", ":08"):
            rest = one.partition("://")[2]
            if rest:
                name = rest.split("/")[0]
                host = name if name.startswith("[") and name.endswith("]") else name.rpartition(":")[0] or name
                yield one.replace(f"//{name}", f"//{host}{port}", 1)
        yield from (one + mark for mark in _MARKS[1:])
        yield from (mark + one for mark in _MARKS[1:])
        yield from (quote(one, safe=""), quote(one), one.upper(), one.title(), one + "," + one, one + " " + one)
        for place in range(0, len(one), 3):
            yield one[:place] + one[place].swapcase() + one[place + 1 :]
            yield one[:place] + one[place + 1 :]
            yield one[:place] + f"%{ord(one[place]):02x}" + one[place + 1 :]
            yield one[:place] + "\\" + one[place:]
            yield one[:place] + "@evil.example" + one[place:]
