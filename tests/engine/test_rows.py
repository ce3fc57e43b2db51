"""One store's rows in memory: forward and reverse agree, expiry and conditions give nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.core.access.relation import Relation
from doorward.core.instant import Instant
from doorward.engine.rows import StoreRows

OBJECTS, RELATIONS, SUBJECTS = ("d:1", "d:2"), ("a", "b"), ("u:1", "u:2", "d:1#a")

relations = st.builds(
    Relation,
    st.sampled_from(OBJECTS),
    st.sampled_from(RELATIONS),
    st.sampled_from(SUBJECTS),
    condition=st.sampled_from(("", "", "", "late")),
    expires=st.sampled_from((None, Instant(5), Instant(15))),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), relations), max_size=40))
def test_rows_are_what_was_put_and_not_dropped(steps: list[tuple[bool, Relation]]) -> None:
    now = [Instant(0)]
    rows = StoreRows(lambda: now[0])
    expected: dict[tuple[str, str, str], Relation] = {}
    for put, row in steps:
        key = (row.object, row.relation, row.subject)
        expected.pop(key, None)
        if put and not row.condition:
            expected[key] = row
        rows.put(row) if put else rows.drop(row)
    for moment in (0, 10, 20):
        now[0] = Instant(moment)
        live = {key for key, row in expected.items() if row.expires is None or row.expires > moment}
        for object in OBJECTS:
            for relation in RELATIONS:
                mine = {s for o, r, s in live if (o, r) == (object, relation)}
                assert set(rows.subjects(object, relation)) == mine
                assert set(rows.usersets(object, relation)) == {s for s in mine if "#" in s}
                assert {s for s in SUBJECTS if rows.holds(object, relation, s)} == mine
        for subject in SUBJECTS:
            assert set(rows.held(subject, None)) == {(o, r) for o, r, s in live if s == subject}
            assert set(rows.held(subject, "a")) == {(o, r) for o, r, s in live if s == subject and r == "a"}
    assert len(rows) == len(expected)


def test_dropping_everything_leaves_nothing() -> None:
    rows = StoreRows(lambda: Instant(0))
    made = [Relation(o, r, s) for o in OBJECTS for r in RELATIONS for s in SUBJECTS]
    for row in made:
        rows.put(row)
    for row in made:
        rows.drop(row)
    assert vars(rows) == {**vars(StoreRows(rows._now))}
