"""Joining features into a House: what two of them add twice is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import Misconfigured
from doorward.core.oauth.request import TokenReply, TokenRequest
from doorward.core.principal import Principal
from doorward.core.settings import Settings
from doorward.core.table import Table
from doorward.feature import Feature, House, Job, collect
from doorward.ports import World
from doorward.web.route import Operation, Route


class Nothing(msgspec.Struct):
    """No fields."""


@dataclass(frozen=True)
class Row:
    id: str


async def run(world: World, principal: Principal, request: Nothing) -> Nothing:
    return request


async def page(world: World, request: Request) -> Response:
    return Response()


async def grant(world: World, request: TokenRequest) -> TokenReply:
    return TokenReply({})


async def job(world: World) -> None:
    return None


def operation(
    name: str, path: str = "/api/v1/x", command: str = "", permission: str = "dw_x:do"
) -> Operation[Any, Any]:
    return Operation(name, "POST", path, "Does x.", permission, Nothing, Nothing, run, command)


def routes(*paths: str) -> Any:
    def made(house: House) -> Sequence[Route]:
        return [Route("GET", path, page) for path in paths]

    return made


ROWS = Table("rows", Row, key=("id",))


def test_a_house_holds_what_all_features_added() -> None:
    house = collect(
        [
            Feature("one", routes=routes("/one"), grants={"one": grant}, tables=(ROWS,), permissions=("dw_one:see",)),
            Feature("two", routes=routes("/two"), operations=(operation("x"),), jobs=(Job("sweep", 60, job),)),
        ]
    )
    assert [route.path for route in house.routes()] == ["/one", "/two"]
    assert set(house.grants) == {"one"}
    assert house.tables == (ROWS,)
    assert house.permissions == {"dw_one:see", "dw_x:do"}
    assert [job.name for job in house.jobs] == ["sweep"]


def test_discovery_is_joined_and_lists_are_merged() -> None:
    house = collect(
        [
            Feature("one", metadata=lambda settings, house: {"scopes_supported": ["b", "a"], "issuer": "x"}),
            Feature("two", metadata=lambda settings, house: {"scopes_supported": ["c", "a"]}),
        ]
    )
    assert house.metadata(Settings()) == {"scopes_supported": ["a", "b", "c"], "issuer": "x"}


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (Feature("one"), Feature("one"), "feature `one`"),
        (Feature("one", grants={"g": grant}), Feature("two", grants={"g": grant}), "grant `g`"),
        (Feature("one", tables=(ROWS,)), Feature("two", tables=(ROWS,)), "table `rows`"),
        (Feature("one", routes=routes("/x")), Feature("two", routes=routes("/x")), "route `GET /x`"),
        (
            Feature("one", operations=(operation("a", "/a"),)),
            Feature("two", operations=(operation("a", "/b"),)),
            "operation `a`",
        ),
        (
            Feature("one", operations=(operation("a"),)),
            Feature("two", operations=(operation("b"),)),
            "route `POST /api/v1/x`",
        ),
        (
            Feature("one", operations=(operation("a", "/a", "x do"),)),
            Feature("two", operations=(operation("b", "/b", "x do"),)),
            "command `x do`",
        ),
        (Feature("one", jobs=(Job("j", 1, job),)), Feature("two", jobs=(Job("j", 1, job),)), "job `j`"),
    ],
)
def test_what_two_features_add_is_refused(first: Feature, second: Feature, what: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        collect([first, second])
    assert caught.value.reason == "feature.duplicate"
    assert what in caught.value.description


def test_a_permission_that_is_not_doorwards_own_is_refused() -> None:
    with pytest.raises(Misconfigured, match="invoice:read"):
        collect([Feature("one", operations=(operation("a", permission="invoice:read"),))])
