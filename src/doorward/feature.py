"""The seams: the closed list of what a feature can add, and the House that holds what all of them added.

A feature is one folder under `features/` whose `__init__.py` says `FEATURE = Feature(…)`: its table of contents.
Features don't know each other; where one needs what others added (the token endpoint its grants), it gets the House.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from doorward.core.errors import Misconfigured
from doorward.core.oauth.request import TokenReply, TokenRequest
from doorward.core.oauth.stages import Step
from doorward.core.settings import Settings
from doorward.core.table import Table
from doorward.ports import World
from doorward.web.route import Operation, Route


class Grant(Protocol):
    """One grant type of the token endpoint, called with an authenticated client that is registered for it."""

    async def __call__(self, world: World, request: TokenRequest) -> TokenReply: ...


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every `every` seconds by one process, e.g. sweeping."""

    name: str
    every: int
    run: Callable[[World], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Feature:
    """What one capability adds. Everything but the name is optional.

    `routes` is given the House. `grants` maps a grant_type to its Grant. `steps` join the authorization pipeline.
    `metadata` adds to discovery (RFC 8414 §2), from what is built and nothing else. `permissions` are doorward's own.
    """

    name: str
    routes: Callable[[House], Sequence[Route]] | None = None
    operations: Sequence[Operation[Any, Any]] = ()
    grants: Mapping[str, Grant] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    metadata: Callable[[Settings, House], Mapping[str, Any]] | None = None
    tables: Sequence[Table[Any]] = ()
    permissions: Sequence[str] = ()
    jobs: Sequence[Job] = ()


@dataclass(frozen=True)
class House:
    """All features, joined. Two that add the same route, grant, table or operation are refused when it is built."""

    features: tuple[Feature, ...]
    operations: tuple[Operation[Any, Any], ...]
    grants: Mapping[str, Grant]
    steps: tuple[Step, ...]
    tables: tuple[Table[Any], ...]
    permissions: frozenset[str]
    jobs: tuple[Job, ...]

    def routes(self) -> tuple[Route, ...]:
        """Every feature's pages and endpoints, in the order of the features."""
        return tuple(route for feature in self.features if feature.routes for route in feature.routes(self))

    def metadata(self, settings: Settings) -> dict[str, Any]:
        """Discovery: what every feature says of itself. Lists that several give are joined."""
        joined: dict[str, Any] = {}
        for feature in self.features:
            for name, value in (feature.metadata(settings, self) if feature.metadata else {}).items():
                joined[name] = sorted({*joined[name], *value}) if name in joined and isinstance(value, list) else value
        return joined


def collect(features: Sequence[Feature]) -> House:
    """The House of these features. Raises Misconfigured naming what two of them add: a feature, grant, table, step,
    operation (by name, by method and path, by command), job, or a route."""
    operations = [operation for feature in features for operation in feature.operations]
    tables = [table for feature in features for table in feature.tables]
    steps = [step for feature in features for step in feature.steps]
    jobs = [job for feature in features for job in feature.jobs]
    _once("feature", (feature.name for feature in features))
    _once("grant", (grant for feature in features for grant in feature.grants))
    _once("table", (table.name for table in tables))
    _once("step", (step.name for step in steps))
    _once("job", (job.name for job in jobs))
    _once("operation", (operation.name for operation in operations))
    _once("command", (operation.command for operation in operations if operation.command))
    permissions = {permission for feature in features for permission in feature.permissions}
    permissions |= {operation.permission for operation in operations if operation.permission is not None}
    if foreign := sorted(name for name in permissions if not name.startswith("dw_")):
        raise Misconfigured(f"`{foreign[0]}` is not one of doorward's own permissions: they begin with `dw_`")
    house = House(
        features=tuple(features),
        operations=tuple(operations),
        grants={name: grant for feature in features for name, grant in feature.grants.items()},
        steps=tuple(steps),
        tables=tuple(tables),
        permissions=frozenset(permissions),
        jobs=tuple(jobs),
    )
    paths = [(route.method, route.path) for route in house.routes()]
    paths += [(operation.method, operation.path) for operation in operations]
    _once("route", (f"{method} {path}" for method, path in paths))
    return house


def _once(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise Misconfigured(f"two features add the {kind} `{name}`", reason="feature.duplicate")
        seen.add(name)
