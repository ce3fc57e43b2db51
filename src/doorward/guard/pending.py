"""A check that has not been awaited yet, and must not pass for its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any, NoReturn

from doorward.core.decision import Decision


class ForgottenAwait(TypeError):
    """`acheck()` was used as if it were the decision. A TypeError, so that nothing takes it for a refusal."""


class Pending(Awaitable[Decision]):
    """What `acheck` returns: awaited it is a Decision; tested, compared or looked into it raises ForgottenAwait.

    It is no coroutine, and none is made before it is awaited: a forgotten one leaves no warning to hide the error.
    """

    __slots__ = ("_run",)
    __hash__ = object.__hash__

    def __init__(self, run: Callable[[], Awaitable[Decision]]) -> None:
        self._run = run

    def __await__(self) -> Generator[Any, Any, Decision]:
        return self._run().__await__()

    def __bool__(self) -> NoReturn:
        raise _forgotten()

    def __eq__(self, other: object) -> NoReturn:
        raise _forgotten()

    def __ne__(self, other: object) -> NoReturn:
        raise _forgotten()

    def __lt__(self, other: object) -> NoReturn:
        raise _forgotten()

    __le__ = __gt__ = __ge__ = __lt__

    def __getattr__(self, name: str) -> NoReturn:
        if name in ("allowed", "reason", "trace", "id", "fix", "revision"):
            raise _forgotten()
        raise AttributeError(name)

    def __repr__(self) -> str:
        return "<a check that was not awaited>"


def _forgotten() -> ForgottenAwait:
    return ForgottenAwait("this check was not awaited: write `await door.acheck(…)`, or `door.check(…)` in plain code")
