"""What a guard costs: a known token (10 000 of them, the cache full, revocations meanwhile), a decision, a route.

Counted in CPU time of the thread that does it, so that what else the machine does matters little.

python bench/guard.py [tokens]
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from starlette.requests import HTTPConnection

from doorward.core.instant import Instant
from doorward.core.table import Put
from doorward.domain.tokens import flow as tokens
from doorward.domain.tokens.records import REVOKED_TOKENS, RevokedToken
from doorward.fastapi import Doorward, Principal
from doorward.guard.gate import Identifier
from doorward.guard.rules import require
from doorward.testing.doors import CLIENT, Doors
from doorward.testing.standing import standing

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
ROUNDS = 5
ACCESS = '[permissions]\ninvoice = ["read", "pay"]\n[roles]\nclerk = ["invoice:read"]\n'
FOLDER = Path(tempfile.mkdtemp(prefix="doorward-bench-"))
(FOLDER / "access.toml").write_text(ACCESS)

door = Doorward(f"sqlite:///{FOLDER / 'app.db'}", resource="https://api.example.com", access=FOLDER / "access.toml")
app = FastAPI()


@app.get("/bare/{invoice_id}")
async def bare(invoice_id: int) -> int:
    return invoice_id


async def nothing(connection: HTTPConnection) -> HTTPConnection:
    return connection


@app.get("/floor/{invoice_id}")
async def floor(invoice_id: int, who: Annotated[HTTPConnection, Depends(nothing)]) -> int:
    return invoice_id


@app.get("/guarded/{invoice_id}")
async def guarded(
    invoice_id: int, who: Annotated[Principal, door.require("invoice:read", id="invoice_id", hide=True)]
) -> int:
    return invoice_id


def per_call(work: Callable[[], object], calls: int) -> float:
    """Microseconds a call, the median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        work()
        found.append((time.thread_time() - started) / calls * 1e6)
    return statistics.median(found)


def report(what: str, microseconds: float, note: str = "") -> None:
    print(f"{what:<58}{microseconds:9.2f} µs   {note}".rstrip())


async def issued(doors: Doors, count: int) -> list[str]:
    """So many access tokens, each verified once, so that all are known."""
    ann = doors.user("ann", role="clerk", org="acme", via="api_key")
    made = []
    for _ in range(count):
        token, _lifetime = await tokens.access_token(
            doors.world, subject=ann.id, client_id=CLIENT, scope=["invoice:read"], audience="https://api.example.com"
        )
        made.append(token)
    return made


def revoking(doors: Doors, stop: threading.Event, revoked: list[int]) -> threading.Thread:
    """Another thread revokes something each 20 ms, durably."""

    async def work() -> None:
        while not stop.is_set():
            row = RevokedToken(f"other_{len(revoked)}", Instant(doors.clock.now() + 10**12))
            doors.world.relations.wrote(await doors.world.storage.commit([Put(REVOKED_TOKENS, row)]))
            revoked.append(1)
            await asyncio.sleep(0.02)

    return threading.Thread(target=lambda: asyncio.run(work()))


def known_tokens(doors: Doors) -> str:
    """The figure of record, and its floors; one of the tokens."""
    guard, world = door._now().guard, doors.world
    everything = asyncio.run(issued(doors, COUNT))
    feed = world.storage.feed()

    async def verify() -> float:
        started = time.thread_time()
        for token in everything:
            await guard.verified(token)
        return (time.thread_time() - started) / COUNT * 1e6

    report(f"an access token verified anew ({COUNT:,} of them)", asyncio.run(verify()))
    entries = {hashlib.sha256(token.encode()).digest(): token for token in everything}

    def known() -> None:
        for token in everything:
            if guard.known(token) is None:
                raise SystemExit("a token that was verified is not known")

    def floor() -> None:
        for token in everything:
            feed.marker()
            entries[hashlib.sha256(token.encode()).digest()]

    def hashes() -> None:
        for token in everything:
            hashlib.sha256(token.encode()).digest()

    def markers() -> None:
        for _ in everything:
            feed.marker()

    report("  floor: SHA-256 of it", per_call(hashes, COUNT))
    report("  floor: asking the database whether anything changed", per_call(markers, COUNT))
    lowest = per_call(floor, COUNT)
    report("  floor: both, and a look-up in a dict", lowest)
    quiet = per_call(known, COUNT)
    report("a known token", quiet, f"target 5.00; {quiet / lowest:.2f} of the floor")
    stop, revoked = threading.Event(), []
    thread = revoking(doors, stop, revoked)
    thread.start()
    busy = per_call(known, COUNT)
    stop.set()
    thread.join()
    report(f"a known token, {len(revoked)} revocations meanwhile", busy)
    return everything[0]


def decisions(doors: Doors, token: str) -> None:
    """The decision by itself, and the guard's whole work for a request."""
    guard = door._now().guard
    headers = [(b"host", b"api.example.com"), (b"accept", b"*/*"), (b"authorization", f"Bearer {token}".encode())]
    principal, demanded = guard.known(token), require("invoice:read", id="invoice_id", hide=True)
    assert principal is not None
    calls = 5_000

    def decide() -> None:
        for _ in range(calls):
            guard.decide(principal, "invoice:read", "invoice:7")

    async def whole() -> None:
        for _ in range(calls):
            who = await guard.caller(headers, method="GET", scheme="https")
            guard.admit(who, demanded, id=Identifier(7, "7"), org=None)

    report("a decision: a role in the object's organization", per_call(decide, calls))
    report("the whole guard: headers, known token, decision", per_call(lambda: asyncio.run(whole()), calls))


def routes(token: str) -> None:
    """A guarded route against the same route bare, called as ASGI, without a server."""
    calls = 2_000
    headers = [(b"host", b"api.example.com"), (b"authorization", f"Bearer {token}".encode())]

    async def many(path: str) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                raise SystemExit(f"{path}: {message['status']}")

        call: Callable[..., Awaitable[None]] = app
        for _ in range(calls):
            scope = {
                "type": "http", "http_version": "1.1", "method": "GET", "scheme": "https", "path": path,
                "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
                "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
            }  # fmt: skip
            await call(scope, receive, send)

    plain = per_call(lambda: asyncio.run(many("/bare/7")), calls)
    lowest = per_call(lambda: asyncio.run(many("/floor/7")), calls)
    shut = per_call(lambda: asyncio.run(many("/guarded/7")), calls)
    report("a bare FastAPI route, without a server", plain)
    report(
        "  floor: the same with a dependency that does nothing", lowest, f"{plain / lowest:.2f} of the bare one's rate"
    )
    report("the same route, guarded", shut, f"{plain / shut:.2f} of the bare one's, {lowest / shut:.2f} of the floor's")


def main() -> None:
    with standing(door, FOLDER / "standing") as doors:
        doors.place(("invoice", 7), org="acme")
        token = known_tokens(doors)
        decisions(doors, token)
        routes(token)


if __name__ == "__main__":
    main()
