"""`$n` for SQLite: the order of the text, and nothing inside literals, names and comments."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.adapters.sqlite.placeholders import compiled


@pytest.mark.parametrize(
    "statement, text, order",
    [
        ("a = $1", "a = ?", (0,)),
        ("a = $2, b = $1", "a = ?, b = ?", (1, 0)),
        ("$1 $1 $2 $1", "? ? ? ?", (0, 0, 1, 0)),
        ("'$1' $1", "'$1' ?", (0,)),
        ("'it''s $2' $1", "'it''s $2' ?", (0,)),
        ('"$2" $1', '"$2" ?', (0,)),
        ('"a""$2" $1', '"a""$2" ?', (0,)),
        ("`$2` [$3] $1", "`$2` [$3] ?", (0,)),
        ("-- $2 '\n$1", "-- $2 '\n?", (0,)),
        ("/* $2 ' \n */ $1 /* ", "/* $2 ' \n */ ? /* ", (0,)),
        ("$1 -- ?", "? -- ?", (0,)),
        ("$10 $9 $8 $7 $6 $5 $4 $3 $2 $1", "? ? ? ? ? ? ? ? ? ?", tuple(range(9, -1, -1))),
        ("{users} '{users}' $1", "\"doorward_users\" '{users}' ?", (0,)),
    ],
)
def test_compiled(statement: str, text: str, order: tuple[int, ...]) -> None:
    made = compiled(statement)
    assert (made.text, made.order) == (text, order)


@pytest.mark.parametrize("statement", ["$0", "$2", "$1 $3", "?", "$1 ?", ":a", "@a", "$a", "?1"])
def test_what_is_no_placeholder_is_refused(statement: str) -> None:
    with pytest.raises(ValueError, match=r"placeholder|parameters"):
        compiled(statement)


@pytest.mark.parametrize("given", [(), (1,), (1, 2, 3)])
def test_as_many_parameters_as_the_text_names(given: tuple[int, ...]) -> None:
    with pytest.raises(TypeError):
        compiled("$2 $1").bind(given)


PIECES = st.sampled_from(["'$1'", "'it''s'", "'\"'", "'--'", "'/*'", "/* $7 */", "-- $8\n", "'?'", "'{x}'"])


@given(st.lists(st.one_of(st.integers(0, 4), PIECES), min_size=1, max_size=30))
def test_each_place_gets_its_own_value(parts: list[int | str]) -> None:
    """A row of parameters and literals, read by SQLite: what stands where is what was said."""
    used = sorted({part for part in parts if isinstance(part, int)})
    numbered = {part: f"${used.index(part) + 1}" for part in used}
    shown = [part for part in parts if isinstance(part, int) or part[0] == "'"]
    texts: list[str] = []
    for part in parts:
        if isinstance(part, int) or part[0] == "'":
            texts.append(("," if texts and any(t[0] in ",'$" for t in texts) else "") + str(numbered.get(part, part)))  # type: ignore[call-overload]  # a text is not numbered
        else:
            texts.append(" " + part)
    if not shown:
        return
    ready = compiled("SELECT " + "".join(texts))
    with closing(sqlite3.connect(":memory:")) as connection:
        (row,) = connection.execute(ready.text, ready.bind([f"value{part}" for part in used])).fetchall()
    assert list(row) == [f"value{part}" if isinstance(part, int) else part[1:-1].replace("''", "'") for part in shown]
