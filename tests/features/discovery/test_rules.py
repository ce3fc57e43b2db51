"""ETags: equal for equal bytes, matched as caches send them."""

from __future__ import annotations

import pytest

from doorward.features.discovery.rules import entity_tag, unchanged


def test_a_tag_is_quoted_and_of_the_bytes() -> None:
    assert entity_tag(b"a") == entity_tag(b"a") != entity_tag(b"b")
    assert entity_tag(b"a").strip('"') == entity_tag(b"a")[1:-1]


@pytest.mark.parametrize(("sent", "same"), [(None, False), ("", False), ('"a"', True), ('W/"a"', True), ("*", True),
                                            ('"b", "a"', True), ('"ab"', False), ("a", False)])  # fmt: skip
def test_a_tag_is_matched_whole(sent: str | None, same: bool) -> None:
    assert unchanged('"a"', sent) is same
