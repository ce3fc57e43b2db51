"""Row 2: no answer of the authorization endpoint, on any branch, leaves for an address that is not registered."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from doorward.core.oauth import redirects
from doorward.core.oauth.client import Client
from doorward.domain.clients.flow import register
from doorward.testing import FakeClock
from tests.oauth import Party, asking, opened, party
from tests.security import addresses
from tests.security.figures import figures

pytestmark = pytest.mark.anyio

FULL = os.environ.get("TESTS_SECURITY") == "full"
TRIES = 5_000 if FULL else 400
ADDED = {"code", "state", "iss", "error", "error_description"}
BRANCHES: dict[str, dict[str, str | None]] = {
    "code": {},
    "consent": {"prompt": "consent"},
    "nobody known": {"client_id": "nobody"},
    "response_type": {"response_type": "token"},
    "no response_type": {"response_type": None},
    "response_mode": {"response_mode": "form_post"},
    "no challenge": {"code_challenge": None},
    "plain": {"code_challenge_method": "plain"},
    "scope": {"scope": "report:read"},
    "resource": {"resource": "https://other.example"},
    "request": {"request": "x"},
    "request_uri": {"request_uri": "https://app.example.com/r"},
    "registration": {"registration": "{}"},
    "prompt": {"prompt": "create"},
    "prompt none and more": {"prompt": "none login"},
    "login_required": {"prompt": "none", "max_age": "0"},
    "sign-in": {"prompt": "login"},
    "max_age": {"max_age": "x"},
    "state twice": {"+state": "again"},
    "denied": {"prompt": "consent", "!": "deny"},
    "allowed": {"prompt": "consent", "!": "allow"},
}


@dataclass
class Tally:
    tried: int = 0
    answered: int = 0
    pages: int = 0
    through: int = 0


def left_for(response: httpx.Response) -> list[str]:
    """Every address that the browser would go to by itself, other than our own paths."""
    found = [response.headers.get("location", "")]
    found.append(response.headers.get("refresh", "").partition("url=")[2])
    return [one for one in found if one and not (one.startswith("/") and not one.startswith(("//", "/\\")))]


def legitimate(location: str, registered: tuple[str, ...], public: bool) -> bool:
    """Written anew, not with the product's code: a registered URI, then our parameters and nothing else."""
    for one in registered:
        heads = [one]
        match = re.match(r"(http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d+)?(/.*)", one)
        if public and match:
            port = re.match(re.escape(match[1]) + r"(?::([1-9]\d{0,4}))?/", location)
            if port and (port[1] is None or int(port[1]) < 65536):
                heads.append(match[1] + (f":{port[1]}" if port[1] else "") + match[2])
        for head in heads:
            rest = location[len(head) :]
            begins = location.startswith(head) and rest[:1] == ("&" if "?" in head else "?")
            if (
                begins
                and {name for name, _ in parse_qsl(rest[1:], keep_blank_values=True)} <= ADDED
                and "#" not in rest
            ):
                return True
    return False


async def walk(ann: Party, client: Client, address: str, branch: str) -> httpx.Response:
    changes = dict(BRANCHES[branch])
    decision, twice = changes.pop("!", None), changes.pop("+state", None)
    query = urlencode(asking(client, **{"redirect_uri": address, **changes}))
    response = await ann.get(f"/oauth2/authorize?{query}" + (f"&state={twice}" if twice else ""))
    if decision and response.status_code == 200 and "consent-allow" in response.text:
        return await ann.decide(response, decision)
    if branch == "sign-in" and response.headers.get("location", "").startswith("/login?"):
        back = dict(parse_qsl(urlsplit(response.headers["location"]).query))["next"]
        assert back.startswith("/oauth2/authorize?")
        await ann.sign_in()
        return await ann.get(back)
    return response


async def sweep(ann: Party, client: Client, tries: int, *, every: bool, until_caught: bool = False) -> Tally:
    """Every address on each branch; or the registered ones on each, and the others on one in turn."""
    tally, branches = Tally(), list(BRANCHES)
    for number, address in enumerate(addresses.corpus(client.redirect_uris, tries)):
        for branch in branches if every or address in client.redirect_uris else [branches[number % len(branches)]]:
            response = await walk(ann, client, address, branch)
            expected = (
                (200, 303, 400, 500) if until_caught else (200, 303, 400)
            )  # a planted one may meet the next guard
            assert response.status_code in expected, (response.status_code, address, branch)
            went = left_for(response)
            wrong = [one for one in went if not legitimate(one, client.redirect_uris, client.public)]
            tally.tried += 1
            tally.answered += bool(went)
            tally.pages += response.status_code == 400
            tally.through += bool(wrong)
            if wrong and until_caught:
                return tally
    return tally


@pytest.fixture
async def ann(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Party]:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(opened(tmp_path / "doorward.db", clock))
        yield await stack.enter_async_context(party(world))


async def registered(ann: Party, public: bool) -> Client:
    client, _ = await register(
        ann.world,
        client_name="Books",
        redirect_uris=addresses.PUBLIC if public else addresses.CONFIDENTIAL,
        token_endpoint_auth_method="none" if public else "client_secret_basic",
        first_party=True,
    )
    return client


def prefix(client: Client, uri: str) -> bool:
    return any(uri.startswith(one) for one in client.redirect_uris)


def same_host(client: Client, uri: str) -> bool:
    try:
        return urlsplit(uri).hostname in {urlsplit(one).hostname for one in client.redirect_uris}
    except ValueError:
        return False


def loopback_for_all(client: Client, uri: str) -> bool:
    return any(redirects._same_but_port(one, uri) or one == uri for one in client.redirect_uris)


WEAK: dict[str, Callable[[Client, str], bool]] = {"prefix": prefix, "host": same_host, "loopback": loopback_for_all}


@pytest.mark.parametrize("public", [True, False], ids=["public", "confidential"])
async def test_every_answer_goes_to_a_registered_address(
    ann: Party, public: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each address on one branch in turn; in full, each on every branch. Three weak comparisons are found."""
    client = await registered(ann, public)
    tally = await sweep(ann, client, TRIES, every=FULL)
    assert tally.answered > 20
    assert tally.pages > tally.tried / 2
    caught = []
    for name, weak in WEAK.items():
        if name == "loopback" and public:
            continue
        monkeypatch.setattr(redirects, "registered", weak)
        found = await sweep(ann, client, TRIES, every=False, until_caught=True)
        assert found.through == 1, name
        caught.append(f"{name} after {found.tried}")
    kind = "public" if public else "confidential"
    figures.record(2, f"redirect_uri, {kind} client", tally.tried, tally.through, ", ".join(caught))


async def test_the_corpus_is_what_it_says() -> None:
    many = list(addresses.corpus(addresses.PUBLIC, 5_000))
    assert len(many) == 5_000
    assert len(set(many)) > 4_000
    assert set(addresses.PUBLIC) <= set(many)
