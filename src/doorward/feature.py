"""The seams: the closed list of what a feature can add, and the House that holds what all of them added.

A feature is one folder under `features/` whose `__init__.py` says `FEATURE = Feature(…)`: its table of contents.
Features don't know each other; where one needs what others added (the token endpoint its grants), it gets the House.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

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
