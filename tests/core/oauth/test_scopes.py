"""Scopes and audiences: what is cut away, and what is refused."""

from __future__ import annotations

import pytest

from doorward.core.errors import Invalid, InvalidScope, InvalidTarget
from doorward.core.oauth import scopes
from doorward.core.oauth.client import Client

ANY = Client("app", "App")
READER = Client("app", "App", scope=("openid", "invoice:read"))
DECLARED = ("invoice:read", "invoice:pay")


@pytest.mark.spec("rfc6749#3.3")
def test_cut_by_client_and_catalogue() -> None:
    asked = "openid invoice:read invoice:pay report:read offline_access openid"
    assert scopes.cut(ANY, asked, DECLARED) == ("openid", "invoice:read", "invoice:pay")
    assert scopes.cut(READER, asked, DECLARED) == ("openid", "invoice:read")
    assert scopes.cut(ANY, asked, ()) == ("openid",)
    assert scopes.cut(ANY, asked, DECLARED, standard=()) == DECLARED


@pytest.mark.spec("rfc6749#3.3")
def test_asking_nothing_asks_for_what_is_registered() -> None:
    assert scopes.cut(READER, None, DECLARED) == ("openid", "invoice:read")
    assert scopes.cut(READER, "", DECLARED) == ("openid", "invoice:read")
    assert scopes.cut(ANY, None, DECLARED) == DECLARED
    assert scopes.cut(ANY, None, ()) == ()


def test_nothing_left_is_refused() -> None:
    with pytest.raises(InvalidScope) as refused:
        scopes.cut(READER, "invoice:pay", DECLARED)
    assert refused.value.reason == "scope.none"


@pytest.mark.parametrize("asked", [" ", "a  b", " a", "a ", 'a"b', "a\\b", "a\nb", "é", "a\tb", "x" * 4001])
def test_malformed(asked: str) -> None:
    with pytest.raises(InvalidScope) as refused:
        scopes.words(asked)
    assert refused.value.reason == "scope.malformed"


@pytest.mark.spec("rfc8707#2")
def test_an_undeclared_resource_is_refused() -> None:
    offered = {"https://a.example": (), "https://b.example": ()}
    assert scopes.target(ANY, "https://b.example", offered, "https://issuer") == "https://b.example"
    for asked in ("https://b.example/", "https://c.example", ""):
        with pytest.raises(InvalidTarget) as refused:
            scopes.target(ANY, asked, offered, "https://issuer")
        assert refused.value.reason == "resource.unknown"


def test_the_default_audience() -> None:
    two: dict[str, tuple[str, ...]] = {"https://a.example": (), "https://b.example": ()}
    client = Client("app", "App", resource="https://a.example")
    assert scopes.target(client, None, two, "https://issuer") == "https://a.example"
    assert scopes.target(ANY, None, two, "https://issuer") == "https://issuer"
    assert (
        scopes.target(ANY, None, {"https://a.example": (), "https://issuer": ()}, "https://issuer")
        == "https://a.example"
    )
    assert scopes.target(ANY, None, {}, "https://issuer") == "https://issuer"
    own = {"https://a.example": ("invoice:read",), "https://issuer/api/v1": ("dw_user:read", "dw_user:create")}
    assert scopes.target(ANY, None, own, "https://issuer") == "https://a.example"
    assert scopes.target(ANY, "https://issuer/api/v1", own, "https://issuer") == "https://issuer/api/v1"
    assert scopes.target(ANY, None, {"https://issuer/api/v1": ("dw_user:read",)}, "https://issuer") == "https://issuer"
    with pytest.raises(InvalidTarget):
        scopes.target(client, None, {"https://b.example": ()}, "https://issuer")


def test_what_can_be_registered() -> None:
    scopes.check(("openid", "invoice:read"))
    for word in ("", "a b", "é"):
        with pytest.raises(Invalid):
            scopes.check((word,))


def test_in_words() -> None:
    assert scopes.text("openid") == "know who you are"
    assert scopes.text("purchase_order:read") == "read purchase order"
    assert scopes.text("legacy") == "use legacy"
