"""No way into an app goes unseen, and no entry of `public` outlives its route."""

from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from doorward.fastapi import Doorward, Principal
from doorward.testing.guarded import assert_all_guarded
from tests.faces.invoices import build

door = Doorward("sqlite:///app.db", secret_key="unused", public_url="http://localhost/auth")
Known = Annotated[Principal, door.signed_in()]


async def page(request: Request) -> Response:
    return PlainTextResponse("page")


async def socket(websocket: WebSocket) -> None: ...


async def foreign(scope: Scope, receive: Receive, send: Send) -> None: ...


def told(app: object, public: set[str] | None = None) -> str:
    with pytest.raises(AssertionError) as failed:
        assert_all_guarded(app, public or set())
    return str(failed.value)


def test_an_app_with_every_kind_of_guard(tmp_path: Path) -> None:
    app = build(tmp_path).app
    assert_all_guarded(app, public={"/healthz"})
    assert_all_guarded(GZipMiddleware(app), public={"GET /healthz"})
    message = told(app)
    assert "GET /healthz has no guard" in message
    assert "invoices.py:" in message
    assert 'public={"/healthz"}' in message
    assert message.startswith("1 of")


def test_each_way_in_is_seen() -> None:
    app = FastAPI()
    router = APIRouter(prefix="/router")
    sub, plain = FastAPI(), Starlette(routes=[Route("/plain", page), WebSocketRoute("/socket", socket)])

    for place in (app, router, sub):
        place.get("/things/{thing_id}")(lambda thing_id: None)  # type: ignore[attr-defined]  # all three have get
        place.websocket("/live")(socket)  # type: ignore[attr-defined]  # and websocket
    outer = APIRouter(prefix="/outer")
    outer.include_router(router)
    outer.add_route("/raw", page)
    app.include_router(outer)
    app.mount("/sub/{org_id}", sub)
    app.mount("/plain", plain)
    app.mount("/files", StaticFiles(directory="."))
    app.mount("/foreign", foreign)
    app.router.routes.append(Host("api.example.com", Router([Route("/hosted", page)])))
    app.router.routes.append(Mount("/inner", routes=[Mount("/deep", app=foreign)]))
    app.add_route("/raw", page, methods=["POST"])
    message = told(app)
    for line in (
        "GET /things/{thing_id}",
        "WEBSOCKET /live",
        "GET /outer/router/things/{thing_id}",
        "WEBSOCKET /outer/router/live",
        "GET/HEAD /raw",  # a plain route does not take the prefix of its own router
        "GET /sub/{org_id}/things/{thing_id}",
        "WEBSOCKET /sub/{org_id}/live",
        "GET/HEAD /plain/plain",
        "WEBSOCKET /plain/socket",
        "APP /files",
        "APP /foreign",
        "GET/HEAD /hosted",
        "APP /inner/deep",
        "POST /raw",
    ):
        assert f"  {line} has no guard" in message
    assert message.startswith("14 of")
    assert 'door.require("thing:…", id="thing_id")' in message


def test_a_frontend_of_static_files_is_seen(tmp_path: Path) -> None:
    if not hasattr(FastAPI, "frontend"):
        pytest.skip("this FastAPI serves no frontends")
    (tmp_path / "index.html").write_text("hello")
    app, router = FastAPI(), APIRouter()
    router.frontend("/pages", directory=tmp_path)
    app.include_router(router, prefix="/more")
    app.frontend("/", directory=tmp_path)
    message = told(app)
    assert "APP /more/pages" in message
    assert "APP / has no guard" in message
    guarded = FastAPI(dependencies=[door.signed_in()])
    guarded.frontend("/", directory=tmp_path)
    assert_all_guarded(guarded)


def test_a_default_that_answers_everything_is_seen() -> None:
    assert "APP /*" in told(Router(default=foreign))


@pytest.mark.parametrize("app", [foreign, object(), None])
def test_what_cannot_be_looked_into_is_not_guarded(app: object) -> None:
    assert "nobody can look into it" in told(app)


def test_guards_of_app_router_and_nested_dependencies_count() -> None:
    def current(who: Known) -> Principal:
        return who

    whole = FastAPI(dependencies=[door.signed_in()])
    whole.get("/a")(lambda: None)
    assert_all_guarded(whole)

    app = FastAPI()
    router = APIRouter(dependencies=[Depends(current)])
    router.get("/a")(lambda: None)
    app.include_router(router)
    late = APIRouter()
    late.get("/b")(lambda: None)
    app.include_router(late, dependencies=[door.require("thing:read")])
    assert_all_guarded(app)


def test_a_guard_that_is_overridden_is_none() -> None:
    def current(who: Known) -> Principal:
        return who

    app = FastAPI()

    @app.get("/a")
    def a(who: Annotated[Principal, Depends(current)]) -> None: ...

    assert_all_guarded(app)
    app.dependency_overrides[current] = lambda: None
    assert "GET /a has no guard" in told(app)


def test_dead_entries_are_told() -> None:
    app = FastAPI()

    @app.get("/me")
    def me(who: Known) -> None: ...

    @app.get("/open")
    @app.post("/open")
    def open_() -> None: ...

    message = told(app, {"/me", "/gone", "/open"})
    assert "public names `/gone`, which leads nowhere" in message
    assert "public names `/me`, which is guarded" in message
    assert message.startswith("2 of")
    assert "POST /open has no guard" in told(app, {"GET /open"})
    assert_all_guarded(app, {"GET /open", "POST /open"})


def test_documentation_and_a_mounted_doorward_see_to_themselves() -> None:
    app = FastAPI()
    door.mount(app, "/auth")
    assert {route.path for route in app.routes} >= {"/docs", "/openapi.json"}  # type: ignore[attr-defined]  # routes
    assert_all_guarded(app)
