"""The modelling language: what it reads, what it refuses and where, and that writing and reading agree."""

from __future__ import annotations

import pytest

from doorward.core.access.dsl import MAX_BYTES, parse, to_dsl
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
    TypeDefinition,
    Union,
)

FOLDERS = """model
  schema 1.1

type user

type group
  relations
    define member: [user, group#member]

type folder
  relations
    define parent: [folder]
    define blocked: [user]
    define viewer: [user, user:*, group#member] or viewer from parent
    define can_read: (viewer and member_of_team) but not blocked
    define member_of_team: [group#member]
"""


def _refused(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ModelError) as caught:
        parse(text)
    return caught.value.problems


def _places(text: str) -> list[tuple[int, int, str]]:
    return [(problem.place.line, problem.place.column, problem.kind) for problem in _refused(text)]


def _document(*definitions: str) -> str:
    lines = "".join(f"    define {definition}\n" for definition in definitions)
    return f"model\n  schema 1.1\ntype user\ntype doc\n  relations\n{lines}"


def test_every_rewrite_is_read() -> None:
    model = parse(FOLDERS)
    assert list(model.types) == ["user", "group", "folder"]
    assert model.rewrite("folder", "viewer") == Union(
        (
            Direct((Restriction("user"), Restriction("user", wildcard=True), Restriction("group", "member"))),
            FromParent("viewer", "parent"),
        )
    )
    assert model.rewrite("folder", "can_read") == Exclusion(
        Intersection((Computed("viewer"), Computed("member_of_team"))), Computed("blocked")
    )
    assert model.rewrite("folder", "nothing") is None
    assert model.rewrite("nothing", "viewer") is None
    assert model.restrictions("folder", "can_read") == ()
    assert model.restrictions("folder", "nothing") == ()
    assert len(model.restrictions("folder", "viewer")) == 3


def test_writing_and_reading_again_is_the_same_model() -> None:
    model = parse(FOLDERS)
    assert to_dsl(model) == FOLDERS
    assert parse(to_dsl(model)) == model


def test_restrictions_of_an_exclusion_are_found() -> None:
    model = parse(_document("blocked: [user]", "viewer: [user] but not blocked"))
    assert model.restrictions("doc", "viewer") == (Restriction("user"),)


def test_comments_empty_lines_and_windows_lines_are_nothing() -> None:
    text = "\r\n".join(
        ["# a model", "model # really", "  schema 1.1", "", "type user # people", "  # nobody", "type doc",
         "  relations", "    define viewer: [user] # all", ""]
    )  # fmt: skip
    assert parse(text) == parse(_document("viewer: [user]"))


def test_key_words_may_be_names() -> None:
    assert "type" in parse(_document("type: [user]", "model: type", "relation: model")).types["doc"].relations


def test_names_with_slash_dot_and_dash() -> None:
    model = parse("model\n  schema 1.1\ntype acme/user\ntype a-b.c\n  relations\n    define x-y: [acme/user]\n")
    assert model.types["a-b.c"].relations == {"x-y": Direct((Restriction("acme/user"),))}


def test_types_may_stand_on_lines_of_their_own() -> None:
    assert parse(_document("viewer: [\n user,\n doc#viewer\n ]")) == parse(_document("viewer: [user, doc#viewer]"))


@pytest.mark.parametrize(
    "text,places",
    [
        ("", [(0, 0, "syntax")]),
        ("type user", [(0, 0, "syntax"), (0, 5, "syntax")]),
        ("garbage\nmodel\n  schema 1.1", [(0, 0, "syntax")]),
        ("model\n  schema1.1", [(1, 2, "syntax")]),
        ("model\n  schema x", [(1, 9, "syntax")]),
        ("model\n", [(1, 0, "syntax")]),
        ("model\n  schema 0.9", [(1, 9, "invalid-schema")]),
        ("module", [(0, 6, "syntax")]),
        ("module foo\ntype user", [(0, 0, "unsupported")]),
        ("model\n  schema 1.1\nextend type user", [(2, 12, "syntax")]),
        ("model\n  schema 1.1\ntyp user\ntype doc", [(2, 0, "syntax")]),
        ("model\n  schema 1.1\ntype", [(2, 4, "syntax")]),
        ("model\n  schema 1.1\ntype user doc", [(2, 9, "syntax")]),
        ("model\n  schema 1.1 type user", [(1, 12, "syntax")]),
        ("model\n  schema 1.1\ntype user\n  relations\ntype doc", [(4, 0, "syntax")]),
        (_document("a: [user]") + "    nothing\ntype b b", [(6, 4, "syntax"), (7, 6, "syntax")]),
    ],
)  # fmt: skip
def test_a_broken_frame_is_told_where(text: str, places: list[tuple[int, int, str]]) -> None:
    assert _places(text) == places


@pytest.mark.parametrize(
    "definition,column,kind",
    [
        ("viewer [user]", 18, "syntax"),
        ("viewer: ", 18, "syntax"),
        ("viewer: [user:x]", 25, "syntax"),
        ("viewer: [user#]", 25, "syntax"),
        ("viewer: [user] or [user]", 29, "syntax"),
        ("viewer: [user] and a or b", 31, "syntax"),
        ("viewer: [user] or", 28, "syntax"),
        ("viewer: a from", 25, "syntax"),
        ("viewer: (a or b", 26, "syntax"),
        ("viewer: (a and b or c)", 28, "syntax"),
        ("viewer: [user with x]", 30, "unsupported"),
        ("viewer: [user] ?", 25, "syntax"),
    ],
)
def test_a_broken_definition_is_told_where(definition: str, column: int, kind: str) -> None:
    assert (5, column, kind) in _places(_document(definition, "other: [user]"))


def test_an_open_bracket_is_told_where_it_should_have_closed() -> None:
    assert _places(_document("viewer: [user", "other: [user]")) == [(6, 4, "syntax")]


def test_all_problems_are_told_at_once() -> None:
    places = _places(_document("a: [user] or [user]", "b: ]", "a: [user]", "defne: x y", "c: [user]"))
    assert [line for line, _, _ in places] == [5, 5, 6, 7, 8]


def test_an_error_says_where_what_and_how() -> None:
    with pytest.raises(ModelError) as caught:
        parse("model\n  schema 1.1\ntype user\n  relations\n    defne a: [user]\n    define x: [user] or y or z and y")
    error = caught.value
    assert (error.reason, error.status) == ("model.invalid", 400)
    assert error.description == "line 5, column 5: `defne` where `define` is expected (and 1 more)"
    assert error.hint == "did you mean `define`?"
    assert str(error.problems[0]) == "line 5, column 5: `defne` where `define` is expected (did you mean `define`?)"
    assert "parentheses" in error.problems[1].hint


@pytest.mark.parametrize("count,fits", [(50, True), (51, False), (5000, False)])
def test_parentheses_have_a_limit(count: int, fits: bool) -> None:
    text = _document("a: [user]", f"b: {'(' * count}a{')' * count}")
    if fits:
        assert parse(text).rewrite("doc", "b") == Computed("a")
    else:
        assert "parentheses" in str(_refused(text)[0])


def test_a_text_has_a_limit() -> None:
    text = _document("a: [user]")
    assert parse(text + "#" * (MAX_BYTES - len(text)))
    assert _refused(text + "#" * (MAX_BYTES - len(text) + 1))[0].kind == "too-large"
    assert _refused(text + "ä" * (MAX_BYTES // 2))[0].kind == "too-large"


def test_conditions_are_refused_by_name() -> None:
    text = _document("viewer: [user]") + "condition late(x: int) {\n  x > 1\n}\ntype other\n"
    assert _places(text) == [(6, 10, "unsupported")]


@pytest.mark.parametrize(
    "definitions,places",
    [
        (["viewer: editr", "editor: [user]"], [(5, 19, "missing-definition")]),
        (["viewer: [usr]"], [(5, 20, "invalid-type")]),
        (["viewer: [usr#x]"], [(5, 20, "invalid-relation-type"), (5, 20, "invalid-type")]),
        (["viewer: [doc#editor]"], [(5, 20, "invalid-relation-type")]),
        (["viewer: viewer from parent"], [(5, 19, "invalid-relation-type")]),
        (["parent: [user]", "viewer: viewer from parent"], [(6, 19, "invalid-relation-on-tupleset")]),
        (["parent: [doc, user]", "a: [user]", "viewer: a from parent"], []),
        (["parent: [doc:*]", "a: [user]", "viewer: a from parent"], [(7, 26, "tupleuserset-not-direct")]),
        (["parent: a", "a: [user]", "viewer: a from parent"], [(7, 26, "tupleuserset-not-direct")]),
        (["self: [user]"], [(5, 11, "reserved-relation-keywords")]),
        ([f"{'a' * 51}: [user]"], [(5, 11, "invalid-name")]),
        (["a: [user, user]"], [(5, 15, "duplicated-error")]),
        (["a: [user]", "b: a or a"], [(6, 14, "duplicated-error")]),
        (["p: [doc]", "a: [user]", "b: a from p but not a from p"], [(7, 14, "duplicated-error")]),
        (["a: [user]", "b: ([user] or a) or ([user] or a)"], [(6, 32, "syntax"), (6, 37, "syntax")]),
        (["a: [doc#a]"], [(5, 11, "relation-no-entry-point")]),
        (["a: b", "b: a"], [(5, 11, "relation-no-entry-point"), (6, 11, "relation-no-entry-point")]),
        (["a: [user] or b", "b: [user] or a"], []),
        (["p: [doc]", "a: a from p"], [(6, 11, "relation-no-entry-point")]),
        (["p: [doc]", "a: [user] or a from p"], []),
        (["a: [user]", "b: [doc#b] and a"], [(6, 11, "relation-no-entry-point")]),
        (["a: [user]", "b: a but not c", "c: [user] but not a"], []),
        (["a: [doc#b]", "b: [user] or a"], []),
    ],
)  # fmt: skip
def test_what_names_mean_is_checked(definitions: list[str], places: list[tuple[int, int, str]]) -> None:
    text = _document(*definitions)
    if places:
        assert sorted(_places(text)) == sorted(places)
    else:
        assert isinstance(parse(text), Model)


def test_types_are_checked() -> None:
    text = f"model\n  schema 1.1\ntype this\ntype {'a' * 255}\n"
    assert _places(text) == [(2, 5, "reserved-type-keywords"), (3, 5, "invalid-name")]
    assert _places("model\n  schema 1.1\ntype a\ntype a\n") == [(2, 5, "duplicated-error")]
    assert "group" in str(_refused("model\n  schema 1.1\ntype group\ntype x\n  relations\n    define a: [grup]")[0])


def test_a_type_without_the_relation_is_passed_by() -> None:
    text = """model
  schema 1.1
type user
type one
type two
  relations
    define reader: [user]
type doc
  relations
    define parent: [one, two]
    define reader: reader from parent
"""
    assert parse(text).types["doc"]


@pytest.mark.parametrize(
    "rewrite",
    [
        Exclusion(Computed("a"), Direct((Restriction("user"),))),
        Union((Direct((Restriction("user"),)), Direct((Restriction("user"),)))),
    ],
)
def test_what_the_language_cannot_say_is_not_written(rewrite: Union | Exclusion) -> None:
    model = Model("1.1", {"doc": TypeDefinition("doc", {"x": rewrite})})
    with pytest.raises(ModelError, match="can't be written"):
        to_dsl(model)


def test_written_subjects_come_first() -> None:
    direct = Direct((Restriction("user"),))
    rewrite = Union((Computed("a"), Intersection((Computed("b"), direct))))
    model = Model("1.1", {"doc": TypeDefinition("doc", {"x": rewrite})})
    assert "define x: ([user] and b) or a" in to_dsl(model)


def test_a_restriction_reads_as_it_is_written() -> None:
    assert str(Restriction("user", wildcard=True, condition="late")) == "user:* with late"
