"""The plain walk: each rewrite, cycles, limits, and rows that the model does not allow."""

from __future__ import annotations

import pytest

from doorward.core.access.dsl import parse
from doorward.core.access.model import Direct, Model, Restriction, TypeDefinition
from doorward.core.access.relation import Relation
from doorward.core.access.walk import Node, RowSet, TooComplex, check, must_fit
from doorward.core.errors import Invalid
from tests.core.access.test_dsl import FOLDERS

MODEL = parse(FOLDERS)


def _row(text: str) -> Relation:
    object, relation, subject = text.split()
    return Relation(object, relation, subject)


def _rows(*rows: str) -> RowSet:
    return RowSet(map(_row, rows))


def _ask(rows: RowSet, object: str, relation: str, subject: str, model: Model = MODEL) -> bool:
    return check(model, rows, object, relation, subject).allowed


def test_direct_wildcard_group_and_parent() -> None:
    rows = _rows(
        "folder:a viewer user:ann",
        "folder:b viewer user:*",
        "folder:c viewer group:staff#member",
        "group:staff member group:heads#member",
        "group:heads member user:bob",
        "folder:d parent folder:a",
    )
    assert _ask(rows, "folder:a", "viewer", "user:ann")
    assert not _ask(rows, "folder:a", "viewer", "user:bob")
    assert _ask(rows, "folder:b", "viewer", "user:anyone")
    assert _ask(rows, "folder:b", "viewer", "user:*")
    assert not _ask(rows, "folder:a", "viewer", "user:*")
    assert _ask(rows, "folder:c", "viewer", "user:bob")
    assert _ask(rows, "folder:d", "viewer", "user:ann")
    assert not _ask(rows, "folder:d", "viewer", "user:bob")


def test_a_userset_may_be_asked_for() -> None:
    rows = _rows("folder:c viewer group:staff#member", "group:staff member group:heads#member")
    assert _ask(rows, "folder:c", "viewer", "group:staff#member")
    assert _ask(rows, "folder:c", "viewer", "group:heads#member")
    assert not _ask(rows, "folder:c", "viewer", "group:other#member")
    assert _ask(rows, "group:staff", "member", "group:staff#member")
    assert not _ask(rows, "folder:z", "viewer", "group:staff#member")


def test_a_wildcard_is_no_userset() -> None:
    head = "model\n  schema 1.1\ntype group\n  relations\n    define m: [group:*]\n"
    text = head + "type doc\n  relations\n    define v: [group:*]\n"
    rows = _rows("doc:1 v group:*")
    assert _ask(rows, "doc:1", "v", "group:a", parse(text))
    assert not _ask(rows, "doc:1", "v", "group:a#m", parse(text))


def test_intersection_and_exclusion() -> None:
    rows = _rows(
        "folder:a viewer user:ann",
        "folder:a viewer user:bob",
        "folder:a member_of_team group:t#member",
        "group:t member user:ann",
        "group:t member user:bob",
        "folder:a blocked user:bob",
    )
    assert _ask(rows, "folder:a", "can_read", "user:ann")
    assert not _ask(rows, "folder:a", "can_read", "user:bob")
    assert not _ask(rows, "folder:a", "can_read", "user:carl")


def test_a_row_that_the_model_does_not_allow_gives_nothing() -> None:
    text = """model
  schema 1.1
type user
type doc
  relations
    define parent: [doc]
    define other: [user]
    define viewer: [user, doc#viewer]
    define reader: viewer from parent
"""
    model = parse(text)
    rows = _rows(
        "doc:1 viewer doc:2#other", "doc:2 other user:ann", "doc:3 viewer user:*",
        "doc:4 parent doc:*", "doc:4 parent doc:2#viewer", "doc:4 parent user:ann", "doc:2 viewer user:ann",
        "doc:5 parent gone:1",
    )  # fmt: skip
    assert not _ask(rows, "doc:1", "viewer", "user:ann", model)
    assert not _ask(rows, "doc:3", "viewer", "user:ann", model)
    assert not _ask(rows, "doc:4", "reader", "user:ann", model)
    assert not _ask(rows, "doc:5", "reader", "user:ann", model)


def test_a_parent_whose_type_lacks_the_relation_gives_nothing() -> None:
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
    rows = _rows("doc:1 parent one:1", "doc:1 parent two:1", "two:1 reader user:ann")
    assert _ask(rows, "doc:1", "reader", "user:ann", parse(text))
    assert not _ask(rows, "doc:1", "reader", "user:bob", parse(text))


def test_conditioned_rows_and_restrictions_give_nothing() -> None:
    rows = RowSet([Relation("doc:1", "viewer", "user:ann", condition="late")])
    late = Direct((Restriction("user", condition="late"),))
    model = Model("1.1", {"user": TypeDefinition("user"), "doc": TypeDefinition("doc", {"viewer": late})})
    assert not _ask(rows, "doc:1", "viewer", "user:ann", model)
    assert not _ask(_rows("doc:1 viewer user:ann"), "doc:1", "viewer", "user:ann", model)


def test_ids_are_opaque() -> None:
    rows = _rows("folder:\u00c9 viewer user:A", "folder:a/b viewer user:x:y")
    assert _ask(rows, "folder:\u00c9", "viewer", "user:A")
    assert not _ask(rows, "folder:E\u0301", "viewer", "user:A")
    assert not _ask(rows, "folder:\u00c9", "viewer", "user:a")
    assert _ask(rows, "folder:a/b", "viewer", "user:x:y")


def test_a_circle_of_parents_or_groups_ends() -> None:
    rows = _rows(
        "folder:a parent folder:b", "folder:b parent folder:c", "folder:c parent folder:a",
        "folder:b viewer group:x#member", "group:x member group:y#member", "group:y member group:x#member",
        "group:y member user:ann",
    )  # fmt: skip
    assert _ask(rows, "folder:a", "viewer", "user:ann")
    assert not _ask(rows, "folder:a", "viewer", "user:bob")


BLOCKED_GROUP = """model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type doc
  relations
    define blocked: [user, group#member, doc#viewer]
    define viewer: [user] but not blocked
"""


def test_a_circle_below_but_not_that_leads_to_itself_is_no_reason() -> None:
    rows = _rows(
        "doc:1 viewer user:ann", "doc:1 blocked group:x#member",
        "group:x member group:y#member", "group:y member group:x#member",
    )  # fmt: skip
    assert _ask(rows, "doc:1", "viewer", "user:ann", parse(BLOCKED_GROUP))


def test_what_depends_on_its_own_absence_is_not_given() -> None:
    rows = _rows("doc:1 viewer user:ann", "doc:1 blocked doc:1#viewer")
    answer = check(parse(BLOCKED_GROUP), rows, "doc:1", "viewer", "user:ann")
    assert not answer.allowed
    assert answer.tree is not None
    assert answer.tree.value is None
    assert not _ask(rows, "doc:1", "blocked", "user:ann", parse(BLOCKED_GROUP))


def test_undecided_stays_undecided_through_every_operator() -> None:
    text = """model
  schema 1.1
type user
type doc
  relations
    define yes: [user]
    define blocked: [user, doc#base]
    define base: [user] but not blocked
    define either: yes or base
    define both: yes and base
    define without: yes but not base
"""
    rows = _rows("doc:1 base user:ann", "doc:1 blocked doc:1#base", "doc:2 base user:ann", "doc:2 blocked doc:2#base",
                 "doc:1 yes user:ann")  # fmt: skip
    model = parse(text)

    def value(object: str, relation: str) -> bool | None:
        tree = check(model, rows, object, relation, "user:ann").tree
        assert tree is not None
        return tree.value

    assert value("doc:1", "either") is True
    assert value("doc:2", "either") is None
    assert value("doc:1", "both") is None
    assert value("doc:2", "both") is False
    assert value("doc:1", "without") is None
    assert value("doc:2", "without") is False


def test_a_diamond_is_walked_once() -> None:
    steps = [
        row
        for n in range(30)
        for row in (
            f"group:g{n} member group:a{n}#member",
            f"group:g{n} member group:b{n}#member",
            f"group:a{n} member group:g{n + 1}#member",
            f"group:b{n} member group:g{n + 1}#member",
        )
    ]
    assert not _ask(_rows(*steps), "group:g0", "member", "user:ann")
    assert _ask(_rows(*steps, "group:g30 member user:ann"), "group:g0", "member", "user:ann")


def test_what_was_cut_by_a_circle_is_decided_again_elsewhere() -> None:
    """`p` is reached first below `q`, where the way over `q` is cut: that answer must not be remembered."""
    rows = _rows(
        "group:q member group:p#member", "group:p member group:q#member", "group:p member group:r#member",
        "group:top member group:q#member", "group:top member group:p#member", "group:q member user:ann",
    )  # fmt: skip
    assert _ask(rows, "group:top", "member", "user:ann")
    assert _ask(rows, "group:p", "member", "user:ann")


def _chain(length: int) -> RowSet:
    return _rows(*(f"group:{n} member group:{n + 1}#member" for n in range(length)), f"group:{length} member user:ann")


def test_limits_are_errors_never_answers() -> None:
    assert _ask(_chain(60), "group:0", "member", "user:ann")
    with pytest.raises(TooComplex) as caught:
        check(MODEL, _chain(80), "group:0", "member", "user:ann")
    assert caught.value.reason == "limit.exceeded"
    wide = _rows(*(f"group:0 member group:{n}#member" for n in range(1, 50_001)))
    with pytest.raises(TooComplex):
        check(MODEL, wide, "group:0", "member", "user:ann")


def test_the_stack_is_a_limit_too() -> None:
    head = "model\n  schema 1.1\ntype user\ntype group\n  relations\n    define a: [user]\n"
    nested = "(" * 40 + "[user, group#member]" + " or a)" * 40
    rows = _rows(*(f"group:{n} member group:{n + 1}#member" for n in range(60)))
    with pytest.raises(TooComplex):
        check(parse(f"{head}    define member: {nested}\n"), rows, "group:0", "member", "user:ann")


@pytest.mark.parametrize(
    "object,relation,subject,reason",
    [
        ("folder", "viewer", "user:ann", "object.malformed"),
        ("folder:a", "viewer", "ann", "subject.malformed"),
        ("folder:a", "nothing", "user:ann", "relation.unknown"),
        ("nothing:a", "viewer", "user:ann", "relation.unknown"),
        ("folder:a", "viewer", "robot:1", "type.unknown"),
        ("folder:a", "viewer", "group:a#owner", "relation.unknown"),
    ],
)
def test_a_question_the_model_does_not_know_is_an_error(object: str, relation: str, subject: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(MODEL, _rows(), object, relation, subject)
    assert caught.value.reason == reason


def test_the_tree_tells_the_way() -> None:
    rows = _rows("folder:b parent folder:a", "folder:a viewer group:x#member", "group:x member user:ann")
    tree = check(MODEL, rows, "folder:b", "viewer", "user:ann").tree
    found: list[tuple[str, str]] = []

    def collect(node: Node) -> None:
        if node.row:
            found.append((node.how, f"{node.object} {node.relation} {node.row}"))
        for part in node.parts:
            collect(part)

    assert tree is not None
    collect(tree)
    assert found == [
        ("parent", "folder:b parent folder:a"),
        ("userset", "folder:a viewer group:x#member"),
        ("row", "group:x member user:ann"),
    ]


@pytest.mark.parametrize(
    "row,reason",
    [
        ("paper:1 viewer user:ann", "type.unknown"),
        ("folder:1 veiwer user:ann", "relation.unknown"),
        ("folder:1 can_read user:ann", "relation.derived"),
        ("folder:1 viewer folder:2", "subject.refused"),
        ("folder:1 blocked user:*", "subject.refused"),
        ("user:1 x user:ann", "relation.unknown"),
    ],
)
def test_a_row_must_fit_the_model(row: str, reason: str) -> None:
    with pytest.raises(Invalid) as caught:
        must_fit(MODEL, _row(row))
    assert caught.value.reason == reason
    assert caught.value.hint


def test_a_row_that_fits_passes() -> None:
    must_fit(MODEL, Relation("folder:1", "viewer", "group:a#member"))
