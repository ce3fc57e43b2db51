"""Holding the index still: one state, nested holds too, and nothing that would hold others still with it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import doorward
from doorward.core.access.relation import Relation
from doorward.core.errors import Unavailable
from doorward.core.outcome import Relate, keep
from doorward.ports import World

ROW = Relation("doc:1", "viewer", "user:ann")


@pytest.mark.anyio
async def test_a_nested_hold_sees_the_same_state_and_the_next_one_the_new(world: World) -> None:
    with world.relations.still() as before:
        await world.commit(keep(None, Relate(ROW)))  # what must never be done, so that it shows
        with world.relations.still() as nested:
            assert nested == before
            assert not world.relations.holds(ROW.object, ROW.relation, ROW.subject)
        assert world.relations.refresh() == before
    with world.relations.still() as after:
        assert after > before
        assert world.relations.holds(ROW.object, ROW.relation, ROW.subject)


@pytest.mark.anyio
async def test_an_error_inside_lets_go(world: World) -> None:
    with pytest.raises(Unavailable), world.relations.still():
        raise Unavailable
    await world.commit(keep(None, Relate(ROW)))
    world.relations.refresh()
    assert world.relations.holds(ROW.object, ROW.relation, ROW.subject)


def test_nobody_awaits_or_yields_while_holding_it() -> None:
    """Another task of the same thread would read an old state for as long."""
    source = Path(doorward.__file__).parent
    holds, wrong = 0, []
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.With) and any("still()" in ast.unparse(item.context_expr) for item in node.items):
                holds += 1
                if any(isinstance(part, ast.Await | ast.Yield | ast.YieldFrom) for part in ast.walk(node)):
                    wrong.append(f"{path.relative_to(source)}:{node.lineno}")
    assert holds > 10
    assert not wrong
