"""What is believed about a request."""

from __future__ import annotations

import pytest

from doorward.web.arrival.rules import (
    HOPS,
    base_path,
    client_address,
    host_fits,
    own_hosts,
    own_origins,
    route_path,
    site,
)

OWN = own_origins("https://auth.example.com", dev=False)


@pytest.mark.parametrize(
    "url, dev, hosts",
    [
        ("https://auth.example.com", False, {"auth.example.com", "auth.example.com:443"}),
        ("https://Auth.example.com:8443/auth", False, {"auth.example.com:8443"}),
        ("http://x.example", False, {"x.example", "x.example:80"}),
        ("http://localhost:8080", True, {"localhost:8080", "127.0.0.1:8080", "[::1]:8080"}),
        ("http://[::1]:8080", False, {"[::1]:8080"}),
    ],
)
def test_own_hosts(url: str, dev: bool, hosts: set[str]) -> None:
    assert own_hosts(url, dev) == hosts


def test_own_origins_leave_out_the_default_port() -> None:
    assert {"https://auth.example.com"} == OWN
    assert own_origins("http://localhost:8080", dev=True) >= {"http://127.0.0.1:8080", "http://localhost:8080"}


@pytest.mark.parametrize("host", ["auth.example.com", "AUTH.example.com", "auth.example.com:443"])
def test_our_host(host: str) -> None:
    assert host_fits([host], own_hosts("https://auth.example.com", dev=False))


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["auth.example.com", "auth.example.com"],
        ["evil.example"],
        ["auth.example.com."],
        ["auth.example.com.evil.example"],
        ["xauth.example.com"],
        ["auth.example.com:80"],
        ["user@auth.example.com"],
        ["auth.example.com, evil.example"],
        [""],
    ],
)
def test_another_host(hosts: list[str]) -> None:
    assert not host_fits(hosts, own_hosts("https://auth.example.com", dev=False))


@pytest.mark.parametrize(
    "origins, fetch, expected",
    [
        ([], [], "unknown"),
        (["https://auth.example.com"], [], "same"),
        ([], ["same-origin"], "same"),
        (["https://auth.example.com"], ["same-origin"], "same"),
        (["null"], [], "foreign"),
        (["null"], ["same-origin"], "foreign"),
        (["https://auth.example.com"], ["same-site"], "foreign"),
        (["https://auth.example.com", "https://evil.example"], [], "foreign"),
        (["http://auth.example.com"], [], "foreign"),
        ([], ["cross-site"], "foreign"),
        ([], ["none"], "foreign"),
    ],
)
def test_site(origins: list[str], fetch: list[str], expected: str) -> None:
    assert site(origins, fetch, OWN) == expected


@pytest.mark.parametrize(
    "peer, forwarded, trusted, expected",
    [
        ("203.0.113.7", ["198.51.100.1"], [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], ["10.0.0.1"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], ["10.0.0.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], ["10.0.0.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4", "198.51.100.1, 10.0.0.2"], ["10.0.0.0/8"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.9"], ["10.0.0.0/8"], "10.0.0.9"),
        ("10.0.0.1", ["1.2.3.4, unknown"], ["10.0.0.1"], "10.0.0.1"),
        ("::1", ["2001:db8::1"], ["::1"], "2001:db8::1"),
        ("10.0.0.1", ["1.2.3.4" + ", 10.0.0.2" * (HOPS - 1)], ["10.0.0.0/8"], "1.2.3.4"),
        ("10.0.0.1", ["1.2.3.4" + ", 10.0.0.2" * HOPS], ["10.0.0.0/8"], "10.0.0.2"),
        ("10.0.0.1", [], ["10.0.0.0/8"], "10.0.0.1"),
        ("unix", ["1.2.3.4"], ["unix"], "1.2.3.4"),
        ("", ["1.2.3.4"], ["10.0.0.1", "unix"], "1.2.3.4"),
        ("10.0.0.2", ["1.2.3.4"], ["unix"], "10.0.0.2"),
        ("nobody", ["1.2.3.4"], ["nobody"], "nobody"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], ["10.0.0.0/8"], "1.2.3.4"),
        ("::ffff:11.0.0.1", ["1.2.3.4"], ["10.0.0.0/8"], "::ffff:11.0.0.1"),
        ("", ["1.2.3.4"], ["10.0.0.1"], ""),
    ],
)
def test_client_address(peer: str, forwarded: list[str], trusted: list[str], expected: str) -> None:
    assert client_address(peer, forwarded, trusted) == expected


@pytest.mark.parametrize(
    "path, root, base, expected",
    [
        ("/login", "", "", "/login"),
        ("", "", "", "/"),
        ("/auth/login", "", "/auth", "/login"),
        ("/auth", "", "/auth", "/"),
        ("/authority", "", "/auth", "/authority"),
        ("/login", "", "/auth", "/login"),
        ("/auth/login", "/auth", "/auth", "/login"),
        ("/auth", "/auth", "/auth", "/"),
        ("/login", "/auth", "/auth", "/login"),
        ("/.well-known/oauth-authorization-server/auth", "", "/auth", "/.well-known/oauth-authorization-server"),
        ("/.well-known/x", "", "/auth", "/.well-known/x"),
    ],
)
def test_route_path(path: str, root: str, base: str, expected: str) -> None:
    assert route_path(path, root, base) == expected


def test_base_path() -> None:
    assert base_path("https://x.example/auth/") == "/auth"
    assert base_path("https://x.example") == ""
