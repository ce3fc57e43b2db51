"""Form tokens are worth nothing in another form, session or browser, and forms are read strictly."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from doorward.core.errors import Conflict, Throttled
from doorward.core.secret import new_secret
from doorward.ports import World
from doorward.web.forms import FormErrors, form_errors, form_token, sentence
from doorward.web.route import CROSS_SITE, Route
from tests.web.browser import Browser, app_with
from tests.web.conftest import echo, whoami

pytestmark = pytest.mark.anyio
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
OURS = {"origin": "https://auth.example.com"}


async def token_for(world: World, request: Request) -> Response:
    return PlainTextResponse(form_token(world, request, request.query_params["form"]))


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(app(world))


def app(world: World):  # type: ignore[no-untyped-def]  # the application under test
    return app_with(
        world,
        Route("GET", "/token", token_for),
        Route("POST", "/one", echo, form="one"),
        Route("POST", "/any", whoami, form=CROSS_SITE),
        Route("POST", "/protocol", whoami, "oauth"),
        Route("GET", "/who", whoami),
        Route("POST", "/raw", echo, "oauth"),
    )


async def token(browser: Browser, form: str = "one") -> str:
    return (await browser.get("/token", params={"form": form})).text


def sign_in(browser: Browser, seed: int) -> str:
    secret = new_secret("dws", bytes([seed] * 32))
    browser.client.cookies.set("__Host-doorward", secret, domain="auth.example.com")
    return secret


async def test_the_form_that_was_shown(browser: Browser) -> None:
    answer = await browser.post("/one", {"form_token": await token(browser), "a": "b"})
    assert answer.status_code == 200
    assert "'a': 'b'" in answer.text


async def test_a_client_that_is_no_browser_needs_only_the_token(browser: Browser) -> None:
    answer = await browser.client.post("/one", data={"form_token": await token(browser)})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "https://auth.example.com.evil.example"},
        {"origin": "http://auth.example.com"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {**OURS, "sec-fetch-site": "cross-site"},
    ],
)
async def test_from_another_site(browser: Browser, headers: dict[str, str]) -> None:
    answer = await browser.client.post("/one", data={"form_token": await token(browser)}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text


@pytest.mark.spec("rfc6749#10.12")
async def test_no_token_and_others_tokens(browser: Browser, world: World) -> None:
    other = Browser(app(world))
    before = await token(browser)
    for value in ("", "x", await token(browser, "two"), await token(other), before[:-1], before + "A"):
        assert (await browser.post("/one", {"form_token": value})).status_code == 403
    assert (await browser.post("/one", {"a": "b"})).status_code == 403


async def test_a_token_dies_with_its_session(browser: Browser) -> None:
    before = await token(browser)
    sign_in(browser, 1)
    assert (await browser.post("/one", {"form_token": before})).status_code == 403
    mine = await token(browser)
    assert (await browser.post("/one", {"form_token": mine})).status_code == 200
    sign_in(browser, 2)
    assert (await browser.post("/one", {"form_token": mine})).status_code == 403


async def test_pages_show_one_cookie_for_all_their_forms(browser: Browser) -> None:
    first = await browser.get("/token", params={"form": "one"})
    assert first.headers["set-cookie"].startswith("__Host-doorward_form=")
    for attribute in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert attribute in first.headers["set-cookie"]
    assert "set-cookie" not in (await browser.get("/token", params={"form": "two"})).headers


async def test_endpoints_without_a_form_do_not_see_the_session(browser: Browser) -> None:
    secret = sign_in(browser, 1)
    assert (await browser.get("/who")).text == secret
    assert (await browser.client.post("/any")).text == "nobody"
    assert (await browser.client.post("/protocol")).text == "nobody"


@pytest.mark.parametrize("twice", ["doorward=a", "doorward_form=x; __Host-doorward=b"])
async def test_a_session_cookie_sent_twice_is_not_believed(browser: Browser, twice: str) -> None:
    answer = await browser.client.get("/who", headers={"cookie": f"__Host-doorward=a; {twice}"})
    assert answer.text == ("a" if twice == "doorward=a" else "nobody")


@pytest.mark.parametrize("before", ["\x85", "\xa0", "\x1c", "\x0b", "\xa0 \x85"])
async def test_a_cookie_of_another_name_is_not_ours(browser: Browser, before: str) -> None:
    """To a browser `\\x85__Host-doorward` has no prefix, so a sibling domain may set it: no space but SP and TAB is
    taken off a name. RFC 6265 §5.2."""
    answer = await browser.client.get(
        "/who", headers={"cookie": f"a=1; {before}__Host-doorward=planted".encode("latin-1")}
    )
    assert answer.text == "nobody"


@pytest.mark.parametrize(
    "body, headers, status",
    [
        (b"a=1&b=%C3%A4+c", URLENCODED, 200),
        (b"a=1", {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, 200),
        (b"a=", URLENCODED, 200),
        (b"a=1&a=2", URLENCODED, 400),
        (b"a=1&a=1", URLENCODED, 400),
        (b"a=%FF", URLENCODED, 400),
        (b"a=\xff", URLENCODED, 400),
        (b"&".join(b"a%d=1" % number for number in range(101)), URLENCODED, 400),
        (b"a=1", {"content-type": "text/plain"}, 400),
        (b"a=1", {"content-type": "multipart/form-data; boundary=x"}, 400),
        (b'{"a":1}', {"content-type": "application/json"}, 400),
        (b"a=1", {}, 400),
    ],
)
async def test_forms_are_read_strictly(browser: Browser, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = await browser.client.post("/raw", content=body, headers=headers)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"] == "invalid_request"


def test_errors_beside_their_field() -> None:
    error = Conflict("this `username` is taken", reason="username.taken", hint="choose another one")
    assert form_errors(error, ("username",)).fields == {"username": "This username is taken."}
    assert form_errors(error, ("username",)).hint == "Choose another one."
    assert form_errors(error, ("other",)) == FormErrors("This username is taken.", "Choose another one.")
    assert form_errors(Throttled("wait"), ()).title == "Wait."
    assert sentence("is that so?") == "Is that so?"
