"""A sign-in with a password as a browser makes it: `GET` and `POST /login`, throttle, durable session and audit.

Against bare argon2id at the same cost on the same two threads.

    python bench/signin.py [seconds]
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import uvloop
from argon2 import PasswordHasher

from rig.load import request
from rig.servers import Place, free_port

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
PEOPLE, THREADS = 8, 2
PASSWORD = "seven green umbrellas sing"


def bare(seconds: float) -> float:
    """Verifications of argon2id a second, on as many threads as the server has."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    hash, deadline = hasher.hash(PASSWORD), time.perf_counter() + seconds

    def work() -> int:
        count = 0
        while time.perf_counter() < deadline:
            hasher.verify(hash, PASSWORD)
            count += 1
        return count

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(future.result() for future in [pool.submit(work) for _ in range(THREADS)]) / seconds


async def browsers(place: Place, seconds: float) -> float:
    """Sign-ins a second of several people at once, each with a browser of their own."""
    deadline = time.perf_counter() + seconds
    counts = await asyncio.gather(*(person(place, f"user{number}", deadline) for number in range(PEOPLE)))
    return sum(counts) / seconds


async def person(place: Place, username: str, deadline: float) -> int:
    """Sign in again and again, each time as a browser that was never here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    count = 0
    while time.perf_counter() < deadline:
        writer.write(request("GET", place.host, "/login"))
        head, page = await answer(reader)
        cookie = re.search(rb"set-cookie: ([^;]+)", head, re.I)
        token = re.search(rb'name="form_token" value="([^"]+)"', page)
        assert cookie
        assert token
        form = {"form_token": token[1].decode(), "username": username, "password": PASSWORD}
        writer.write(
            request(
                "POST", place.host, "/login", urlencode(form).encode(),
                content_type="application/x-www-form-urlencoded", cookie=cookie[1].decode(),
                origin=f"http://{place.host}",
            )
        )  # fmt: skip
        head, page = await answer(reader)
        if not head.startswith(b"HTTP/1.1 303"):
            raise SystemExit(f"{head!r} {page[:2000]!r}")
        count += 1
    writer.close()
    return count


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return head, await reader.readexactly(int(length[1]) if length else 0)


def main() -> None:
    """Measure the floor before and after, and print the ratio."""
    with tempfile.TemporaryDirectory() as made:
        place = Place(Path(made), free_port())
        for number in range(PEOPLE):
            place.run("user", "create", "--username", f"user{number}", "--password-stdin", stdin=PASSWORD)
        floors = [bare(SECONDS / 2)]
        with place.serving():
            uvloop.run(browsers(place, 1))
            rate = uvloop.run(browsers(place, SECONDS))
        floors.append(bare(SECONDS / 2))
    floor = sum(floors) / 2
    print(f"bare argon2id, {THREADS} threads   {floor:7.1f} /s")
    print(f"sign-ins over HTTP        {rate:7.1f} /s   {rate / floor:.2f} of it")


if __name__ == "__main__":
    main()
