"""The main job, whole: setup, sign-in, consent, a token by OAuth, and an API that lets in or turns away.

In a real browser, with real client libraries (Authlib, openid-client); server and API in processes of their own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from playwright.sync_api import Page

from tests.e2e.conftest import require
from tests.e2e.place import Place, free_port

RESOURCE = "https://api.example.com"
PASSPHRASE = "a quiet walk by the river"
ADMIN_PASSPHRASE = "the lighthouse keeps its lamp"
SCOPE = "openid profile invoice:read invoice:pay"
NODE = Path(__file__).parent / "node"
SEEN_WITHIN = 0.050

pytestmark = pytest.mark.browser


def furnish(place: Place) -> None:
    """Two organizations, two invoices, two roles, one clerk: from the command line, before the server's first start."""
    (place.folder / "access.toml").write_text(
        '[permissions]\ninvoice = ["read", "list", "create", "pay"]\n'
        '[roles]\nclerk = ["invoice:read", "invoice:list"]\nowner = ["invoice:*"]\n'
    )
    place.run("apply", "access.toml", "--resource", RESOURCE)
    for organization in ("acme", "globex"):
        place.run("organization", "create", organization, "--name", organization.title())
    place.run("relation", "place", "invoice:1", "--org", "acme")
    place.run("relation", "place", "invoice:2", "--org", "globex")
    place.run("user", "create", "--username", "ann", "--password-stdin", stdin=PASSPHRASE)
    place.run("assign", "ann", "clerk", "--org", "acme")


def set_up(page: Page, place: Place, log: Path) -> None:
    """The first administrator, with the code that the server printed."""
    code = re.search(r"\b[0-9a-z]{3}-[0-9a-z]{3}-[0-9a-z]{3}\b", log.read_text())
    assert code, log.read_text()
    page.goto(f"{place.url}/setup")
    page.fill("#code", code[0])
    page.fill("#username", "root")
    page.fill("#password", ADMIN_PASSPHRASE)
    page.click("#setup-submit")
    page.wait_for_url(f"{place.url}/**")
    assert httpx.get(f"{place.url}/setup").status_code in (404, 410)


def sign_in(page: Page, url: str, username: str = "ann", password: str = PASSPHRASE) -> None:
    page.goto(url)
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("#login-submit")


def call(place: Place, token: str, path: str, method: str = "GET") -> httpx.Response:
    return httpx.request(method, place.api + path, headers={"Authorization": f"Bearer {token}"})


def decided(place: Place, key: str, subject: str, permission: str, object: str) -> dict[str, object]:
    """What the server's own check says."""
    answer = httpx.post(
        f"{place.url}/api/v1/check",
        json={"subject": subject, "permission": permission, "object": object},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.text
    reply: dict[str, object] = answer.json()
    return reply


def test_walk_with_authlib(place: Place, page: Page) -> None:
    """Setup, sign-in, consent, code, and every answer of the API's door."""
    furnish(place)
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    with place.serving() as log, place.guarding("invoices:app"):
        set_up(page, place, log)
        page.context.clear_cookies()
        client = place.json(
            "client", "create", "--name", "Books", "--redirect-uri", redirect, "--grant", "authorization_code"
        )
        with OAuth2Client(
            client["client_id"],
            client["client_secret"],
            scope=SCOPE,
            redirect_uri=redirect,
            code_challenge_method="S256",
        ) as authlib:
            verifier = "a-verifier-of-at-least-forty-three-characters-0123456789"
            url, state = authlib.create_authorization_url(
                f"{place.url}/oauth2/authorize", code_verifier=verifier, resource=RESOURCE, nonce="n-1"
            )
            assert create_s256_code_challenge(verifier) in url
            page.route(f"{redirect}**", lambda route: route.fulfill(body="back"))
            sign_in(page, url)
            page.wait_for_selector("#consent-allow")
            assert "Books" in page.inner_text("body")
            page.click("#consent-allow")
            page.wait_for_url(f"{redirect}**")
            back = parse_qs(urlsplit(page.url).query)
            assert back["state"] == [state]
            assert back["iss"] == [place.url]
            token = authlib.fetch_token(
                f"{place.url}/oauth2/token", authorization_response=page.url, code_verifier=verifier, state=state
            )
        access = token["access_token"]

        assert call(place, access, "/invoices/1").status_code == 200
        denied = call(place, access, "/invoices/1/pay", "POST")
        assert denied.status_code == 403
        assert denied.json()["reason"] == "role.missing"
        assert call(place, access, "/invoices/2").status_code == 404
        assert httpx.get(f"{place.api}/invoices/1").status_code == 401

        place.run("assign", "ann", "owner", "--org", "globex")
        assert call(place, access, "/invoices/2").status_code == 200
        assert call(place, access, "/invoices/2/pay", "POST").status_code == 200

        place.run("unassign", "ann", "owner", "--org", "globex")
        deadline = time.monotonic() + SEEN_WITHIN
        while call(place, access, "/invoices/2").status_code == 200:
            assert time.monotonic() < deadline, "the API did not see the revocation in time"
        assert call(place, access, "/invoices/2/pay", "POST").status_code == 403


def test_revoked_at_once_in_the_same_process(place: Place) -> None:
    """The server that takes an assignment away denies the very next question."""
    furnish(place)
    key = place.json("api-key", "create", "--admin")["key"]
    with place.serving():
        assert decided(place, key, "ann", "invoice:read", "invoice:1")["allowed"] is True
        gone = httpx.request(
            "DELETE",
            f"{place.url}/api/v1/assignments",
            params={"subject": "ann", "role": "clerk", "organization": "acme"},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert gone.status_code in (200, 204), gone.text
        denied = decided(place, key, "ann", "invoice:read", "invoice:1")
        assert denied["allowed"] is False
        assert denied["reason"] == "role.missing"


@pytest.mark.node
@pytest.mark.parametrize("public", [True, False], ids=["public", "confidential"])
def test_walk_with_openid_client(place: Place, page: Page, public: bool) -> None:
    """openid-client accepts discovery, the response, the id_token and its signature, userinfo and introspection."""
    require(shutil.which("node") and (NODE / "node_modules").exists(), "Node.js 20 with npm, then `make test`")
    furnish(place)
    place.json("api-key", "create", "--admin")  # closes /setup
    port = free_port()
    redirect = f"http://127.0.0.1:{port}/callback"
    kind = ["--public"] if public else []
    client = place.json(
        "client", "create", "--name", "Phone", "--redirect-uri", redirect, "--grant", "authorization_code", *kind
    )
    with place.serving(), place.guarding("invoices:app"):
        walk = subprocess.Popen(
            ["node", "walk.mjs", place.url, client["client_id"], SCOPE, RESOURCE, "0" if public else str(port)],
            cwd=NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert walk.stdin
            assert walk.stdout
            walk.stdin.write(client.get("client_secret") or "")
            walk.stdin.close()
            url = walk.stdout.readline().strip()
            assert url.startswith(f"{place.url}/oauth2/authorize"), walk.stderr.read() if walk.stderr else ""
            sign_in(page, url)
            page.click("#consent-allow")
            page.wait_for_selector("text=signed in")
            report = json.loads(walk.stdout.readline())
        finally:
            walk.kill()
            walk.wait()
            for pipe in (walk.stdout, walk.stderr):
                if pipe:
                    pipe.close()
        assert "error" not in report, report
        assert report["claims"]["iss"] == place.url
        assert report["userinfo"]["preferred_username"] == "ann"
        assert report["userinfo"]["sub"] == report["claims"]["sub"]
        assert public or report["active"] is True
        assert call(place, report["tokens"]["access_token"], "/invoices/1").status_code == 200
