"""The walk against a second evaluator that works the other way round: from the rows up, to a fixed point."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.core.access.dsl import parse, to_dsl
from doorward.core.access.json_form import from_json, to_json
from doorward.core.access.model import (
    Computed,
    Direct,
    Exclusion,
    FromParent,
    Intersection,
    Model,
    ModelError,
    Problem,
    Restriction,
    Rewrite,
    TypeDefinition,
    Union,
)
from doorward.core.access.relation import Relation
from doorward.core.access.walk import RowSet, TooComplex, check

RELATIONS = ("a", "b", "c")
DOCS = ("doc:1", "doc:2", "doc:3")
USERS = ("user:u", "user:v")
Fact = tuple[str, str]

restrictions = st.lists(
    st.sampled_from(
        [Restriction("user"), Restriction("user", wildcard=True), *(Restriction("doc", name) for name in RELATIONS)]
    ),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)
leaves = st.one_of(
    restrictions.map(Direct),
    st.sampled_from(RELATIONS).map(Computed),
    st.sampled_from(RELATIONS).map(lambda name: FromParent(name, "parent")),
)
rewrites: st.SearchStrategy[Rewrite] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(Union),
        st.tuples(inner, inner).map(Intersection),
        st.tuples(inner, inner).map(lambda pair: Exclusion(*pair)),
    ),
    max_leaves=4,
)
models = st.tuples(rewrites, rewrites, rewrites).map(
    lambda found: Model(
        "1.1",
        {
            "user": TypeDefinition("user"),
            "doc": TypeDefinition(
                "doc", {"parent": Direct((Restriction("doc"),)), **dict(zip(RELATIONS, found, strict=True))}
            ),
        },
    )
)
subjects = (*USERS, "user:*", *DOCS, *(f"{doc}#{name}" for doc in DOCS for name in RELATIONS))
rows = st.lists(
    st.builds(Relation, st.sampled_from(DOCS), st.sampled_from(("parent", *RELATIONS)), st.sampled_from(subjects)),
    max_size=14,
)


def _holds(model: Model, found: list[Relation], user: str) -> set[Fact]:
    """What is surely held: the well-founded model, by alternating between what is sure and what is possible."""

    def once(rewrite: Rewrite, doc: str, name: str, yes: set[Fact], other: set[Fact]) -> bool:
        if isinstance(rewrite, Direct):
            for row in (r for r in found if (r.object, r.relation) == (doc, name)):
                kind = row.subject.replace(":*", "*").split(":")[0] if ":*" in row.subject else row.subject
                for one in rewrite.restrictions:
                    if one.wildcard and row.subject == f"{one.type}:*" and user.startswith(f"{one.type}:"):
                        return True
                    plain = not one.wildcard and not one.relation
                    if plain and row.subject == user and user != "user:*" and kind.startswith(f"{one.type}:"):
                        return True
                    if one.relation and row.subject.endswith(f"#{one.relation}"):
                        target = row.subject.split("#")[0]
                        if target.startswith(f"{one.type}:") and (target, one.relation) in yes:
                            return True
            return False
        if isinstance(rewrite, Computed):
            return (doc, rewrite.relation) in yes
        if isinstance(rewrite, FromParent):
            parents = [r.subject for r in found if (r.object, r.relation) == (doc, "parent") and r.subject in DOCS]
            return any((parent, rewrite.relation) in yes for parent in parents)
        if isinstance(rewrite, Union):
            return any(once(part, doc, name, yes, other) for part in rewrite.parts)
        if isinstance(rewrite, Intersection):
            return all(once(part, doc, name, yes, other) for part in rewrite.parts)
        # what is excluded is judged by the other bound, with the two bounds' parts exchanged
        return once(rewrite.base, doc, name, yes, other) and not once(rewrite.minus, doc, name, other, yes)

    def least(other: set[Fact]) -> set[Fact]:
        yes: set[Fact] = set()
        while True:
            more = {
                (doc, name)
                for doc, name in itertools.product(DOCS, ("parent", *RELATIONS))
                if once(model.types["doc"].relations[name], doc, name, yes, other)
            }
            if more <= yes:
                return yes
            yes |= more

    everything = set(itertools.product(DOCS, ("parent", *RELATIONS)))
    sure, possible = set[Fact](), everything
    while True:
        possible_now = least(sure)
        sure_now = least(possible_now)
        if (sure_now, possible_now) == (sure, possible):
            return sure
        sure, possible = sure_now, possible_now


@settings(max_examples=400, deadline=None)
@given(models, rows, st.sampled_from(USERS))
def test_the_walk_allows_only_what_the_fixed_point_gives(model: Model, found: list[Relation], user: str) -> None:
    held = _holds(model, found, user)
    for doc, name in itertools.product(DOCS, RELATIONS):
        try:
            answer = check(model, RowSet(found), doc, name, user)
        except TooComplex:
            continue
        if answer.allowed:
            assert (doc, name) in held, f"{doc} {name}: the walk allows it"
        else:
            undecided = answer.tree is not None and answer.tree.value is None
            assert undecided or (doc, name) not in held, f"{doc} {name}: the walk denies it"


@settings(max_examples=200, deadline=None)
@given(models)
def test_text_and_json_keep_a_model(model: Model) -> None:
    try:
        checked = from_json(to_json(model))
        text = to_dsl(checked)
    except ModelError:
        return
    again = parse(text)
    assert to_dsl(again) == text
    assert from_json(to_json(again)) == again


words = st.sampled_from(
    [*"[](),:#*{} \n\taé\x00", "model", "schema", "1.1", "type", "relations", "define", "extend", "module", "condition",
     "with", "from", "or", "and", "but not", " ", " ", "\n    ", "\r\n", "user",
     "\n  relations\n    define ", "\ntype ", "model\n  schema 1.1\n"]
)  # fmt: skip


def _wrong(text: str) -> tuple[Problem, ...]:
    try:
        assert parse(to_dsl(parse(text))) == parse(text)
    except ModelError as error:
        return error.problems
    return ()


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(words, max_size=60).map("".join)), st.booleans())
def test_any_text_is_a_model_or_told_what_is_wrong(text: str, headed: bool) -> None:
    text = f"model\n  schema 1.1\n{text}" if headed else text
    lines = text.count("\n") + text.count("\r") + text.count("\f")
    assert all(0 <= problem.place.line <= lines for problem in _wrong(text))


HEAD = "model\n  schema 1.1\ntype user\ntype d\n  relations\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("model\n  schema 1.1\n" + " " * 250_000, id="spaces"),
        pytest.param("model\n  schema 1.1\n" + "\n \t" * 80_000, id="lines"),
        pytest.param(HEAD + "    defne x\n" * 20_000, id="mistakes"),
        pytest.param(HEAD + "    define a: " + "(" * 200_000, id="parentheses"),
        pytest.param(HEAD + "".join(f"    define r{n}: r{n + 1}\n" for n in range(8_000)), id="missing"),
        pytest.param(HEAD + "".join(f"    define r{n}: m{n}\n" for n in range(8_000)), id="all missing"),
        pytest.param(
            HEAD + "    define r0: [user]\n" + "".join(f"    define r{n + 1}: r{n}\n" for n in range(8_000)), id="chain"
        ),
        pytest.param(
            HEAD
            + "".join(f"    define r{n}: {' or '.join(f'r{m}' for m in range(60) if m != n)}\n" for n in range(60)),
            id="knot",
        ),
    ],
)
def test_a_hostile_text_ends(text: str) -> None:
    """Each of these took minutes, or the stack, with the obvious way of doing it."""
    assert len(_wrong(text)) >= 0
