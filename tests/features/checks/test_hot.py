"""The bare endpoint of `/api/v1/check`: the same answer as the operation's, and every refusal is the operation's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from doorward.app import Application, assemble
from doorward.domain.api_keys.flow import revoke
from doorward.domain.roles import flow as roles
from doorward.features.checks.hot import check_endpoint
from doorward.ports import World
from tests.administration import browser, furnish

pytestmark = pytest.mark.anyio

PATH = "/api/v1/check"


@dataclass
class Hot:
    application: Application
    ids: dict[str, str]
    http: httpx.AsyncClient

    @property
    def ann(self) -> str:
        return f"user:{self.ids['ann']}"

    async def ask(self, credential: str = "admin", **question: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.ids.get(credential, credential)}"}
        return await self.http.post(PATH, json=question, headers=headers)

    async def warm(self) -> None:
        """Have the credential verified once, so that it is known."""
        assert (await self.ask(subject=self.ann, permission="invoice:read")).status_code == 200


@pytest.fixture
async def hot(world: World) -> AsyncIterator[Hot]:
    application = await assemble(world)
    ids = await furnish(world)
    async with browser(application) as http:
        yield Hot(application, ids, http)


def was_hot(answer: httpx.Response) -> bool:
    """The bare endpoint gives a request no id."""
    return "x-request-id" not in answer.headers


async def test_a_known_credential_is_answered_without_the_rest(hot: Hot) -> None:
    first = await hot.ask(subject=hot.ann, permission="invoice:read", organization="acme")
    again = await hot.ask(subject=hot.ann, permission="invoice:read", organization="acme")
    assert (was_hot(first), was_hot(again)) == (False, True)
    same = {name: value for name, value in first.json().items() if name != "decision"}
    assert same == {name: value for name, value in again.json().items() if name != "decision"}
    assert again.json()["allowed"] is True
    assert again.json()["reason"] == "role.organization"
    assert again.headers["cache-control"] == "no-store"


async def test_a_denial_is_an_answer_with_its_reason_and_its_remedy(hot: Hot) -> None:
    await hot.warm()
    answer = await hot.ask(subject=hot.ann, permission="invoice:pay", organization="acme")
    assert was_hot(answer)
    assert answer.status_code == 200
    said = answer.json()
    assert said["allowed"] is False
    assert said["reason"] == "role.missing"
    assert said["decision"].startswith("dec_")
    assert said["trace"][-1]["holds"] is False
    assert said["revision"] > 0


async def test_a_scope_narrows(hot: Hot) -> None:
    await hot.warm()
    question = {"subject": hot.ann, "permission": "invoice:read", "organization": "acme"}
    assert (await hot.ask(**question, scope=["invoice:pay"])).json()["reason"] == "scope.missing"
    assert (await hot.ask(**question, scope=["invoice:read"])).json()["allowed"] is True


async def test_what_was_revoked_is_not_known_any_more(hot: Hot) -> None:
    world = hot.application.world
    assert (await hot.ask("nobody", subject=hot.ann, permission="invoice:read")).status_code == 403
    await roles.put_role(world, "asker", ["dw_decision:check"])
    await roles.assign(world, hot.ann, "asker")
    await hot.ask("nobody", subject=hot.ann, permission="invoice:read")
    assert was_hot(await hot.ask("nobody", subject=hot.ann, permission="invoice:read"))
    await roles.unassign(world, hot.ann, "asker")
    assert (await hot.ask("nobody", subject=hot.ann, permission="invoice:read")).status_code == 403
    await revoke(world, hot.ids["api_key"])
    assert (await hot.ask("nobody", subject=hot.ann, permission="invoice:read")).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, None),
        (b"{", 400, "body.malformed"),
        (b"[]", 400, "body.malformed"),
        (b'{"subject":"user:usr_x"}', 400, "field.invalid"),
        (b'{"subject":"user:usr_x","permission":"a:b","color":"red"}', 400, "field.unknown"),
        (b'{"subject":"ann","permission":"a:b","object":"no object"}', 400, "object.malformed"),
        (b'{"subject":"nobody","permission":"a:b"}', 404, "user.unknown"),
        (b'{"subject":1,"permission":"a:b"}', 400, "field.invalid"),
    ],
)
async def test_what_is_not_ordinary_is_the_operations_to_answer(
    hot: Hot, body: bytes, status: int, reason: str | None
) -> None:
    await hot.warm()
    headers = {"authorization": f"Bearer {hot.ids['admin']}", "content-type": "application/json"}
    answer = await hot.http.post(PATH, content=body, headers=headers)
    assert not was_hot(answer)
    assert answer.status_code == status
    assert reason in (None, answer.json()["reason"])


async def test_another_content_type_method_or_host_is_refused(hot: Hot) -> None:
    await hot.warm()
    headers = {"authorization": f"Bearer {hot.ids['admin']}"}
    assert (await hot.http.post(PATH, content=b"{}", headers=headers)).status_code == 415
    assert (await hot.http.get(PATH, headers=headers)).status_code == 405
    assert (await hot.http.post(PATH, json={}, headers={**headers, "host": "evil.example"})).status_code == 421


@pytest.mark.parametrize("subject", ["ann", "user:{ann}"])
async def test_a_body_in_parts_is_read_whole(hot: Hot, subject: str) -> None:
    await hot.warm()

    async def parts() -> AsyncIterator[bytes]:
        yield f'{{"subject":"{subject.format(**hot.ids)}",'.encode()
        yield b'"permission":"invoice:read","organization":"acme"}'

    headers = {"authorization": f"Bearer {hot.ids['admin']}", "content-type": "application/json"}
    answer = await hot.http.post(PATH, content=parts(), headers=headers)
    assert answer.json()["allowed"] is True


async def test_a_body_that_is_too_long_is_refused(hot: Hot) -> None:
    await hot.warm()
    limit = hot.application.world.settings.max_body

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * (limit // 10)

    headers = {"authorization": f"Bearer {hot.ids['admin']}", "content-type": "application/json"}
    assert (await hot.http.post(PATH, content=parts(), headers=headers)).status_code == 413


async def test_a_client_that_leaves_is_handed_on(world: World) -> None:
    seen: list[Message] = []

    async def otherwise(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(await receive())

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError

    endpoint = check_endpoint(world, lambda scope, permission: None, otherwise)
    await endpoint({"type": "http", "method": "POST", "headers": []}, receive, send)
    assert seen == [{"type": "http.disconnect"}]
