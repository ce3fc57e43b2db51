"""Redirect URIs: what may be registered, what matches, and what an answer looks like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doorward.core.errors import Invalid
from doorward.core.oauth import redirects
from doorward.core.oauth.client import Client

PUBLIC = Client("app", "App", token_endpoint_auth_method="none")


def client(*uris: str, public: bool = True) -> Client:
    return Client(
        "app", "App", redirect_uris=uris, token_endpoint_auth_method="none" if public else "client_secret_basic"
    )


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.com/cb",
        "https://app.example.com",
        "https://app.example.com:8443/cb?tenant=a%2Fb&x",
        "https://[2001:db8::1]/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8000/cb",
        "http://[::1]/cb",
        "http://localhost:3000/cb?a=b",
        "com.example.app:/cb",
        "https://app.example.com/a@b",
    ],
)
def test_fit_for_registration(uri: str) -> None:
    redirects.check(uri, public=True)


@pytest.mark.spec("rfc6749#3.1.2")
@pytest.mark.parametrize(
    "uri", ["", "/cb", "https://app.example.com/cb#here", "https://app.example.com/#", "https://*.example.com/cb"]
)
def test_not_absolute_or_with_fragment(uri: str) -> None:
    with pytest.raises(Invalid) as refused:
        redirects.check(uri, public=True)
    assert refused.value.reason == "redirect_uri.unfit"


@pytest.mark.parametrize(
    "uri",
    [
        "//app.example.com/cb",
        "HTTPS://app.example.com/cb",
        "https://user@app.example.com/cb",
        "https://user:secret@app.example.com/cb",
        "https:///cb",
        "https:app.example.com",
        "https://app.example.com\\@evil.example/cb",
        "https://app.example.com/c b",
        "https://app.example.com/\x00",
        "https://app.example.com/%zz",
        "https://bücher.example/cb",
        "https://app.example.com:0/cb",
        "https://app.example.com/../cb",
        "https://app.example.com/a/%2E./cb",
        "https://app.example.com/..",
        "https://app.example.com/cb?code=1",
        "https://app.example.com/cb?iss=",
        "https://app.example.com/" + "a" * 2000,
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/cb",
        "com.example.app://host/cb",
    ],
)
def test_unfit_for_registration(uri: str) -> None:
    with pytest.raises(Invalid) as refused:
        redirects.check(uri, public=True)
    assert refused.value.reason == "redirect_uri.unfit"


@pytest.mark.spec("rfc8252#8.4")
@pytest.mark.parametrize("uri, public", [("com.example.app:/cb", False), ("myapp:/cb", True), ("javascript:x", True)])
def test_private_use_schemes_are_reversed_domains_of_public_clients(uri: str, public: bool) -> None:
    with pytest.raises(Invalid):
        redirects.check(uri, public=public)


@pytest.mark.spec("rfc9700#2.6")
@pytest.mark.parametrize(
    "uri", ["http://app.example.com/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.2/cb"]
)
def test_http_only_on_loopback(uri: str) -> None:
    with pytest.raises(Invalid):
        redirects.check(uri, public=True)


def test_matches_byte_for_byte() -> None:
    one = "https://app.example.com/cb?a=%2f"
    for asked in ("https://app.example.com/cb?a=%2F", "https://app.example.com/cb", f"{one}&b", f"{one} ", one.upper()):
        assert not redirects.registered(client(one), asked)
    assert redirects.registered(client(one), one)
    assert redirects.registered(client(one, public=False), one)
    assert not redirects.registered(client(), one)


@pytest.mark.parametrize("place", ["127.0.0.1", "[::1]", "localhost"])
def test_any_port_on_loopback_of_a_public_client(place: str) -> None:
    one = f"http://{place}:1/cb?a=b"
    for port in ("", ":1", ":80", ":65535"):
        assert redirects.registered(client(one), f"http://{place}{port}/cb?a=b")
    for asked in (":65536/cb?a=b", ":0/cb?a=b", ":080/cb?a=b", ":99999/cb?a=b", ":x/cb?a=b", ":/cb?a=b", ":5/cb", ":5"):
        assert not redirects.registered(client(one), f"http://{place}{asked}")
    assert not redirects.registered(client(one, public=False), f"http://{place}:2/cb?a=b")
    assert not redirects.registered(client("https://app.example.com/cb?a=b"), f"http://{place}:2/cb?a=b")


def test_no_other_loopback_host() -> None:
    assert not redirects.registered(client("http://127.0.0.1/cb"), "http://localhost/cb")
    assert not redirects.registered(client("http://127.0.0.1/cb"), "http://127.0.0.1:8@evil.example/cb")


def test_only_https_and_confidential_clients_are_provable() -> None:
    assert redirects.provable(client(public=False), "http://localhost/cb")
    assert redirects.provable(client(), "https://app.example.com/cb")
    assert not redirects.provable(client(), "http://127.0.0.1/cb")
    assert not redirects.provable(client(), "com.example.app:/cb")


@pytest.mark.parametrize(
    "uri, host, origin",
    [
        ("https://app.example.com:8443/cb?x", "app.example.com", "https://app.example.com:8443"),
        ("https://app.example.com?x", "app.example.com", "https://app.example.com"),
        ("http://127.0.0.1:5000/cb", "127.0.0.1", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/cb", "[::1]", "http:"),
        ("com.example.app:/cb", "com.example.app", "com.example.app:"),
    ],
)
def test_names_where_the_browser_goes(uri: str, host: str, origin: str) -> None:
    assert redirects.host(uri) == host
    assert redirects.origin(uri) == origin
    assert redirects.is_loopback(uri) == uri.startswith("http:")


@pytest.mark.parametrize(
    "uri, expected",
    [
        ("https://a.example/cb", "https://a.example/cb?code=x%2Fy"),
        ("https://a.example/cb?t=%7e&u=+", "https://a.example/cb?t=%7e&u=+&code=x%2Fy"),
        ("https://a.example/cb?", "https://a.example/cb?code=x%2Fy"),
        ("https://a.example/cb?a&", "https://a.example/cb?a&code=x%2Fy"),
        ("com.example.app:/cb", "com.example.app:/cb?code=x%2Fy"),
    ],
)
def test_an_answer_keeps_the_registered_bytes(uri: str, expected: str) -> None:
    assert redirects.answer(uri, {"code": "x/y"}) == expected


@pytest.mark.parametrize(
    "home, also",
    [
        ("", ()),
        ("https://www.example.com", ("https://www.example.com",)),
        ("https://www.example.com:444/a?b#c", ("https://www.example.com:444",)),
        ("http://127.0.0.1:3000/", ("http://127.0.0.1:3000",)),
        ("https://app.example.com/start", ()),
        ("https://ann@evil.example/", ()),
        ("https://a https://b", ()),
        ("https://*.example.com", ()),
        ("https:", ()),
        ("com.example.app:/", ()),
    ],
)
def test_names_where_a_form_may_end_up(home: str, also: tuple[str, ...]) -> None:
    asks = replace(PUBLIC, client_uri=home)
    assert redirects.onward(asks, "https://app.example.com/cb?x=1") == ("https://app.example.com", *also)
    assert redirects.onward(asks, "com.example.app:/cb")[0] == "com.example.app:"


@pytest.mark.parametrize(
    "uri, origin",
    [
        ("https://app.example.com/cb", "https://app.example.com"),
        ("https://App.Example.com:443/cb", "https://app.example.com"),
        ("https://app.example.com:8443?x", "https://app.example.com:8443"),
        ("http://localhost:80/cb", "http://localhost"),
        ("http://127.0.0.1:443/cb", "http://127.0.0.1:443"),
        ("http://[::1]:5000/cb", "http://[::1]:5000"),
        ("com.example.app:/cb", None),
        ("https:///cb", None),
    ],
)
def test_names_the_origin_of_a_script(uri: str, origin: str | None) -> None:
    assert redirects.web_origin(uri) == origin
