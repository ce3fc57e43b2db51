"""What an app sees of doorward beside its guards: answers, documentation, writing, and who did it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from doorward.core.audit import AUDIT_EVENTS, AuditEvent
from doorward.fastapi import Denied, Doorward, Principal
from doorward.fastapi.denials import BURST, PER_SECOND
from doorward.testing.doors import Doors
from doorward.testing.standing import standing
from tests.faces.invoices import Built, build


def test_a_refusal_is_a_problem_document(doors: Doors, client: TestClient) -> None:
    clerk = doors.user("clerk", role="clerk", org="acme")
    response = client.post("/invoices/7/pay", auth=clerk)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body["decision"].startswith("dec_")
    assert {name: body[name] for name in ("status", "code", "reason", "permission")} == {
        "status": 403,
        "code": "forbidden",
        "reason": "role.missing",
        "permission": "invoice:pay",
    }


def test_a_denial_is_recorded_and_names_its_record(doors: Doors, client: TestClient) -> None:
    clerk = doors.user("clerk", role="clerk", org="acme")
    named = client.post("/invoices/7/pay", auth=clerk, headers={"User-Agent": "curl/8"}).json()["decision"]
    assert client.get("/invoices/8", auth=clerk).status_code == 404
    events = [event for event in asyncio.run(_events(doors)) if event.action == "call.refuse"]
    shown = next(event for event in events if event.decision == named)
    assert (shown.actor, shown.agent, shown.reason) == (clerk.subject, "curl/8", "role.missing")
    assert (shown.data["object"], shown.data["permission"]) == ("invoice:7", "invoice:pay")
    assert sorted(event.data["object"] for event in events) == ["invoice:7", "invoice:8"]
    assert clerk.secret not in str(shown)


def test_a_flood_of_denials_is_refused_and_not_recorded(doors: Doors, client: TestClient) -> None:
    clerk = doors.user("clerk", role="clerk", org="acme")
    bodies = [client.post("/invoices/7/pay", auth=clerk).json() for _ in range(BURST + 20)]
    assert [body["reason"] for body in bodies] == ["role.missing"] * (BURST + 20)
    assert len([body for body in bodies if "decision" in body]) == BURST
    doors.clock.advance(1)
    again = [client.post("/invoices/7/pay", auth=clerk).json() for _ in range(PER_SECOND + 5)]
    assert len([body for body in again if "decision" in body]) == PER_SECOND


@pytest.fixture
def unattached(tmp_path: Path) -> Iterator[tuple[Built, Doors]]:
    built = build(tmp_path, attach=False)
    with standing(built.door, tmp_path / "standing") as doors:
        yield built, doors


def test_an_app_that_was_not_attached_answers_the_same(unattached: tuple[Built, Doors]) -> None:
    built, doors = unattached
    client = TestClient(built.app)
    response = client.get("/invoices")
    assert (response.status_code, response.headers["content-type"]) == (401, "application/problem+json")
    assert client.get("/invoices/7", auth=doors.user("ann")).json() == {"detail": "Not Found"}
    assert client.get("/sub/acme/about").headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("attach", [True, False])
def test_an_app_may_answer_in_its_own_way(tmp_path: Path, attach: bool) -> None:
    door = Doorward(f"sqlite:///{tmp_path / 'app.db'}")
    app = FastAPI()

    @app.exception_handler(HTTPException)
    def every(request: Request, error: HTTPException) -> Response:
        return PlainTextResponse("own", error.status_code)

    if attach:
        door.attach(app)

    @app.get("/me")
    def me(who: Annotated[Principal, door.signed_in()]) -> None: ...

    @app.get("/things/{thing_id}")
    def thing(
        thing_id: int, who: Annotated[Principal, door.require("thing:read", id="thing_id", hide=True)]
    ) -> None: ...

    with standing(door, tmp_path / "standing") as doors:
        client = TestClient(app)
        assert client.get("/me").headers["content-type"] == "application/problem+json"
        assert client.get("/things/1", auth=doors.user("ann")).text == "own"
        assert client.get("/nothing").text == "own"

        @app.exception_handler(Denied)
        def denied(request: Request, error: Denied) -> Response:
            return PlainTextResponse(error.refusal.reason, error.status_code, error.headers)

        app.middleware_stack = None
        response = TestClient(app).get("/me")
        assert (response.text, "www-authenticate" in response.headers) == ("credential.missing", True)


def test_openapi_says_what_each_operation_needs(built: Built, client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert schema["components"]["securitySchemes"]["doorward"]["scheme"] == "bearer"
    pay = schema["paths"]["/invoices/{invoice_id}/pay"]["post"]
    assert pay["security"] == [{"doorward": ["invoice:pay"]}]
    assert {"401", "403"} <= set(pay["responses"])
    assert "application/problem+json" in pay["responses"]["403"]["content"]
    assert "Problem" in schema["components"]["schemas"]
    assert [parameter["name"] for parameter in pay["parameters"]] == ["invoice_id"]
    assert "security" not in schema["paths"]["/healthz"]["get"]
    assert "401" not in schema["paths"]["/healthz"]["get"]["responses"]
    lines = schema["paths"]["/deep/invoices/{invoice_id}/lines"]["get"]
    assert lines["security"] == [{"doorward": ["invoice:read"]}]


def test_the_documentation_page_is_served(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200


def test_what_a_handler_writes_is_recorded_as_its_caller(doors: Doors, client: TestClient) -> None:
    owner = doors.user("owner", role="owner", org="acme")
    assert client.post("/orgs/acme/invoices?number=40", auth=owner).status_code == 201
    assert client.post("/invoices/40/pay", auth=owner).status_code == 200
    events = asyncio.run(_events(doors))
    assert [event.actor for event in events if "invoice:40" in event.target + str(event.data)] == [owner.subject] * 2


async def _events(doors: Doors) -> list[AuditEvent]:
    return await doors.world.storage.page(AUDIT_EVENTS, limit=1000)


def test_websockets(doors: Doors, client: TestClient) -> None:
    owner = doors.user("owner", role="owner", org="acme")
    with client.websocket_connect("/live/7", headers=owner.headers) as socket:
        assert socket.receive_text() == owner.subject
    for path, headers in (("/live/7", {}), ("/live/8", owner.headers), ("/live/007", owner.headers)):
        with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect(path, headers=headers):
            pass
        assert closed.value.code == 1008
    with client.websocket_connect("/deep/invoices/7/follow", headers=owner.headers):
        pass
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/deep/invoices/8/follow", headers=owner.headers):
        pass


def test_a_door_writes_for_the_app(built: Built, doors: Doors) -> None:
    ann, door = doors.user("ann"), built.door

    async def work() -> None:
        await door.assign(ann.principal, "owner", on=("invoice", 7))
        assert door.check(ann.principal, "invoice:pay", ("invoice", 7))
        await door.unassign("ann", "owner", on=("invoice", 7))
        assert not door.check(ann.principal, "invoice:pay", ("invoice", 7))
        await door.assign(ann.subject, "clerk", org="acme")
        assert door.check(ann.principal, "invoice:read", ("invoice", 7))
        await door.place(("invoice", 7), org="globex")
        assert not door.check(ann.principal, "invoice:read", ("invoice", 7))
        await door.assign("ann", "clerk")
        assert door.check(ann.principal, "invoice:read", ("invoice", 7))

    doors.run(work())


def test_without_a_resource_only_api_keys_and_sessions_are_known(tmp_path: Path) -> None:
    door, app = Doorward(f"sqlite:///{tmp_path / 'app.db'}"), FastAPI()
    door.attach(app)

    @app.get("/me")
    def me(who: Annotated[Principal, door.signed_in()]) -> str:
        return who.subject

    with standing(door, tmp_path / "standing") as doors, TestClient(app) as client:
        assert client.get("/me", auth=doors.user("ann")).json() == doors.user("ann").subject
        response = client.get("/me", headers={"Authorization": "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA"})
        assert (response.status_code, response.json()["reason"]) == (401, "credential.invalid")


def test_when_nobody_can_tell_nobody_gets_in(
    built: Built, doors: Doors, client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    owner = doors.user("owner", role="owner", org="acme")
    assert client.get("/invoices/7", auth=owner).status_code == 200
    doors.run(doors.world.storage.close())
    for path in ("/invoices/7", "/me"):
        response: Any = client.get(path, auth=owner)
        assert response.status_code == 503
        assert response.headers["retry-after"] == "1"
    assert "nobody can tell" in caplog.text
