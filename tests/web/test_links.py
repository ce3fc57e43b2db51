"""Addresses: ours come from the settings alone, and `next` never leaves this host."""

from __future__ import annotations

import pytest

from doorward.core.settings import Settings
from doorward.web.links import here, local, redirect, url

PLAIN = Settings(public_url="https://auth.example.com")
UNDER = Settings(public_url="https://example.com/auth")


def test_absolute_and_local() -> None:
    assert url(UNDER, "/login", next="/a?b") == "https://example.com/auth/login?next=%2Fa%3Fb"
    assert local(UNDER, "/login") == "/auth/login"
    assert local(PLAIN, "/login") == "/login"


@pytest.mark.parametrize(
    "next", ["/", "/account", "/oauth2/authorize?client_id=a&scope=openid%20x", "/a//b", "/a/../b"]
)
def test_a_path_here_is_kept_byte_for_byte(next: str) -> None:
    assert here(PLAIN, next) == next


@pytest.mark.spec("rfc9700#4.11.2")
@pytest.mark.parametrize(
    "next",
    [
        None,
        "",
        "account",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a\\b",
        "/a\r\nset-cookie: x=y",
        "/ä",
        "/a#b",
        '/a"b',
        "/<script>",
        "/" + "a" * 10_000,
        "@evil.example",
        ".evil.example",
    ],
)
def test_anything_else_is_not_here(next: str | None) -> None:
    assert here(PLAIN, next) is None


@pytest.mark.spec("rfc9700#4.12")
def test_a_redirect_is_sent_as_it_is() -> None:
    assert redirect("/a").status_code == 303
    assert redirect("https://app.example/cb?a=%7Eb~|").headers["location"] == "https://app.example/cb?a=%7Eb~|"


@pytest.mark.parametrize("location", ["/a\r\nx: y", "/a b", "/ä", ""])
def test_a_redirect_cannot_split_a_header(location: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII"):
        redirect(location)
