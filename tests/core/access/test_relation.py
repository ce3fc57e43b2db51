"""Names of objects and subjects: what they may hold, and that nothing is folded."""

from __future__ import annotations

import pytest

from doorward.core.access.relation import (
    MAX_NAME,
    Name,
    assignment,
    parse_assignment,
    shown,
    split_object,
    split_subject,
)
from doorward.core.errors import Invalid


@pytest.mark.parametrize(
    "text,name",
    [
        ("invoice:7", Name("invoice", "7")),
        ("invoice:a:b/c", Name("invoice", "a:b/c")),
        ("invoice:\u00c9", Name("invoice", "\u00c9")),
        ("invoice:E\u0301", Name("invoice", "E\u0301")),
        ("invoice:a*", Name("invoice", "a*")),
        ("doc:👩‍🚀", Name("doc", "👩‍🚀")),
    ],
)
def test_objects_are_split_and_left_alone(text: str, name: Name) -> None:
    assert split_object(text) == name


@pytest.mark.parametrize(
    "text",
    ["", "invoice", "invoice:", ":7", "invoice: 7", "invoice:7 ", "invoice:7\n", "in voice:7", "invoice:7\x00",
     "invoice:*", "invoice:7#x", "#:7", "invoice:\u2028", "invoice:\ud800", "a:" + "x" * MAX_NAME, "\x85:1", "*:1"],
)  # fmt: skip
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        split_object(text)
    assert caught.value.reason == "object.malformed"


@pytest.mark.parametrize(
    "text,name",
    [
        ("user:ann", Name("user", "ann")),
        ("user:*", Name("user", "*")),
        ("group:a#member", Name("group", "a", "member")),
    ],
)
def test_subjects_are_split(text: str, name: Name) -> None:
    assert split_subject(text) == name


@pytest.mark.parametrize(
    "text", ["", "user", "user:", "user:*#member", "group:a#", "group:a#b#c", "group:a#b:c", "u s:1"]
)
def test_what_is_no_subject_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        split_subject(text)
    assert caught.value.reason == "subject.malformed"


def test_input_in_an_error_is_printable_and_short() -> None:
    assert shown("a`b\n\x00") == "a?b??"
    assert shown("x" * 100) == "x" * 80 + "…"


def test_an_assignment_can_be_read_back() -> None:
    row = assignment("clerk", "invoice:a/b", "user:1")
    assert parse_assignment(row.object) == ("clerk", "invoice:a/b")
    for other in ("invoice:1", "dw_role:clerk", "dw_roles:clerk/*"):
        with pytest.raises(ValueError, match=other.replace("*", r"\*")):
            parse_assignment(other)
