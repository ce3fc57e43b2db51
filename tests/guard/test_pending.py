"""A forgotten `await` is an error, never an allow."""

from __future__ import annotations

import asyncio
import gc

import pytest

from doorward.core.decision import Allow, Decision
from doorward.guard.pending import ForgottenAwait, Pending

pytestmark = pytest.mark.anyio
ALLOW = Allow("dec_1", "relation", ())


async def answer() -> Decision:
    return ALLOW


async def test_awaited_it_is_the_decision() -> None:
    assert await Pending(answer) == ALLOW
    assert await asyncio.gather(Pending(answer), Pending(answer)) == [ALLOW, ALLOW]


@pytest.mark.parametrize(
    "use",
    [
        bool,
        lambda pending: not pending,
        lambda pending: pending and True,
        lambda pending: pending == ALLOW,
        lambda pending: pending != ALLOW,
        lambda pending: pending == True,  # noqa: E712  # the very mistake that is told
        lambda pending: pending in [True],
        lambda pending: pending < 1,
        lambda pending: pending <= 1,
        lambda pending: pending > 1,
        lambda pending: pending >= 1,
        lambda pending: pending.allowed,
        lambda pending: pending.reason,
    ],
)
async def test_anything_else_says_that_it_was_forgotten(use: object) -> None:
    pending = Pending(answer)
    with pytest.raises(ForgottenAwait, match="await"):
        use(pending)  # type: ignore[operator]  # each is a function of one argument
    del pending
    gc.collect()  # a coroutine that was never awaited would warn here, and warnings are errors


async def test_it_is_still_an_object() -> None:
    pending = Pending(answer)
    assert hash(pending) is not None
    assert not hasattr(pending, "shape")
    assert "not awaited" in repr(pending)
