"""Which credential a request carries."""

from __future__ import annotations

import pytest

from doorward.guard import bearer
from doorward.guard.rules import Refused


def headers(*lines: tuple[str, str]) -> bearer.Headers:
    return bearer.read([(name.encode(), value.encode("latin-1")) for name, value in lines])


def token(*values: str) -> str | None:
    return bearer.token(headers(*[("authorization", value) for value in values]))


@pytest.mark.parametrize("line", ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER  a.b-c_d~e+f/g=="])
def test_a_token_is_read_whatever_the_schemes_case(line: str) -> None:
    assert token(line) == "a.b-c_d~e+f/g=="


@pytest.mark.parametrize("line", [None, "", "Basic YTpi", "DPoP abc", "Bearerabc"])
def test_no_bearer_is_no_token(line: str | None) -> None:
    assert token(*([] if line is None else [line])) is None


@pytest.mark.spec("rfc6750#2.1")
@pytest.mark.parametrize(
    "line",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a,b",
        "Bearer a, Bearer b",
        "Bearer =a",
        "Bearer a=b",
        "Bearer\ta",
        "Bearer \ta",
        "Bearer a ",
        'Bearer "a"',
        "Bearer a\x00",
        "Bearer é",
        "Bearer ==",
        "Bearer a==b",
        "Bearer " + "a" * 8193,
    ],
)
def test_a_malformed_bearer_is_refused_and_not_skipped(line: str) -> None:
    if line.startswith("Bearer\t"):  # a tab is no space: another scheme by name, no token of ours
        assert token(line) is None
        return
    with pytest.raises(Refused) as refused:
        token(line)
    assert (refused.value.refusal.status, refused.value.refusal.error) == (401, "invalid_token")


@pytest.mark.spec("rfc6750#2")
@pytest.mark.parametrize("second", ["Bearer abc", "Bearer def", "Basic YTpi", ""])
def test_two_authorization_headers_are_refused(second: str) -> None:
    for lines in (("Bearer abc", second), (second, "Bearer abc")):
        with pytest.raises(Refused) as refused:
            token(*lines)
        assert (refused.value.refusal.status, refused.value.refusal.error) == (400, "invalid_request")


def test_a_token_in_query_or_form_is_nothing_to_a_guard() -> None:
    assert (
        bearer.token(headers(("x-access-token", "abc"), ("content-type", "application/x-www-form-urlencoded"))) is None
    )


@pytest.mark.parametrize(
    ("cookie", "names", "expected"),
    [
        ("doorward=abc", ("doorward",), "abc"),
        ("a=1; __Host-doorward=abc; b=2", ("__Host-doorward", "doorward"), "abc"),
        ("doorward=planted; __Host-doorward=abc", ("__Host-doorward", "doorward"), "abc"),
        ("doorward=abc", ("__Host-doorward",), None),
        ("Doorward=abc", ("doorward",), None),
        ("doorward=abc; doorward=abc", ("doorward",), "abc"),
        ("doorward=", ("doorward",), None),
        ("xdoorward=abc", ("doorward",), None),
        ("\x85__Host-doorward=planted", ("__Host-doorward",), None),
        ("a=1;\xa0__Host-doorward=planted", ("__Host-doorward",), None),
        (" \t__Host-doorward=abc", ("__Host-doorward",), "abc"),
        ("", ("doorward",), None),
    ],
)
def test_the_session_cookie(cookie: str, names: tuple[str, ...], expected: str | None) -> None:
    assert bearer.session_secret(headers(("cookie", cookie)), names) == expected


@pytest.mark.parametrize("lines", [["doorward=a; doorward=b"], ["doorward=a", "doorward=b"]])
def test_two_session_cookies_are_refused(lines: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        bearer.session_secret(headers(*[("cookie", line) for line in lines]), ("doorward",))
    assert refused.value.refusal.status == 400


@pytest.mark.parametrize(
    ("public_url", "scheme", "host", "plain"),
    [
        ("https://app.example", "http", "app.example", False),
        ("http://127.0.0.1:8080", "http", "127.0.0.1:8080", True),
        ("", "http", "localhost:8000", True),
        ("", "http", "[::1]:8000", True),
        ("", "http", "127.0.0.1", True),
        ("", "http", "app.example", False),
        ("", "http", "localhost.evil.test", False),
        ("", "https", "localhost", False),
        ("", "http", "", False),
    ],
)
def test_the_plain_cookie_is_believed_only_where_no_tls_can_be(
    public_url: str, scheme: str, host: str, plain: bool
) -> None:
    names = bearer.cookie_names(public_url, scheme, host)
    assert names == (("__Host-doorward", "doorward") if plain else ("__Host-doorward",))


def test_a_repeated_host_is_no_host() -> None:
    assert headers(("host", "a"), ("host", "b")).host == ""
