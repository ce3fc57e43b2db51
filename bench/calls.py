"""`/api/v1/check` with an API key, and client-credentials tokens, against a bare ASGI echo on the same server and core.

python bench/calls.py [seconds]
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from rig.load import hammer, request
from rig.servers import Place, cores, echo, free_port

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
ROUNDS = 3
ACCESS = '[permissions]\ninvoice = ["read", "pay"]\n[roles]\nclerk = ["invoice:read"]\n'


def furnish(place: Place) -> tuple[bytes, bytes]:
    """The two requests: a check that is allowed by a role in an organization, and a token request."""
    (place.folder / "access.toml").write_text(ACCESS)
    place.run("apply", "access.toml", "--resource", "https://invoices.example.com")
    place.run("organization", "create", "acme")
    place.run("relation", "place", "invoice:1", "--org", "acme")
    ann = place.run("user", "create", "--username", "ann")["id"]
    place.run("assign", "ann", "clerk", "--org", "acme")
    key = place.run("api-key", "create", "--admin")["key"]
    client = place.run("client", "create", "--name", "robot", "--grant", "client_credentials")
    question = {"subject": f"user:{ann}", "permission": "invoice:read", "object": "invoice:1"}
    check = request(
        "POST", place.host, "/api/v1/check", json.dumps(question).encode(),
        content_type="application/json", authorization=f"Bearer {key}",
    )  # fmt: skip
    basic = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    form = {"grant_type": "client_credentials", "resource": "https://invoices.example.com"}
    token = request(
        "POST", place.host, "/oauth2/token", urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded", authorization=f"Basic {basic}",
    )  # fmt: skip
    return check, token


def signatures() -> float:
    """Bare ES256 signatures a second."""
    key, algorithm, count = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256()), 5000
    started = time.perf_counter()
    for _ in range(count):
        key.sign(b"x" * 400, algorithm)
    return count / (time.perf_counter() - started)


def main() -> None:
    """Measure in turn, so that what else the machine does falls on all alike; print medians and ratios."""
    server, client = cores()
    with tempfile.TemporaryDirectory() as made:
        place = Place(Path(made), free_port())
        check, token = furnish(place)
        os.sched_setaffinity(0, client)
        figures: dict[str, list[float]] = {"echo": [], "check": [], "token": []}
        with echo(place.folder, server) as port, place.serving(server):
            for _ in range(ROUNDS):
                figures["echo"].append(hammer(port, check, seconds=SECONDS).rate)
                figures["check"].append(hammer(place.port, check, seconds=SECONDS).rate)
                figures["token"].append(hammer(place.port, token, seconds=SECONDS).rate)
            os.sched_setaffinity(0, server)
            signing = signatures()
    echoes, checks, tokens = (statistics.median(figures[name]) for name in ("echo", "check", "token"))
    floor = 1 / (1 / echoes + 1 / signing)
    print(f"bare ASGI echo          {echoes:10,.0f} /s")
    print(f"check with an API key   {checks:10,.0f} /s   {checks / echoes:.2f} of the echo")
    print(f"bare ES256 signatures   {signing:10,.0f} /s")
    print(f"client-credentials      {tokens:10,.0f} /s   {tokens / floor:.2f} of echo + signature ({floor:,.0f} /s)")


if __name__ == "__main__":
    main()
