"""OpenFGA's JSON of a model, both ways, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.core.access.dsl import parse
from doorward.core.access.json_form import from_json, to_json
from doorward.core.access.model import Model, ModelError
from tests.core.access.test_dsl import FOLDERS


def test_there_and_back_is_the_same_model() -> None:
    model = parse(FOLDERS)
    assert from_json(to_json(model)) == model
    assert from_json({"schema_version": "1.1"}) == Model("1.1", {})
    assert to_json(Model("1.1", {})) == {"schema_version": "1.1"}


def test_a_type_without_relations_has_no_metadata() -> None:
    assert to_json(parse("model\n  schema 1.1\ntype user"))["type_definitions"] == [
        {"type": "user", "relations": {}, "metadata": None}
    ]


def _model(rewrite: Any, restrictions: Any = ({"type": "user"},), **more: Any) -> dict[str, Any]:
    metadata = {"relations": {"x": {"directly_related_user_types": list(restrictions)}}}
    doc = {"type": "doc", "relations": {"x": rewrite}, "metadata": metadata}
    return {"schema_version": "1.1", "type_definitions": [{"type": "user"}, doc], **more}


def _deep(depth: int) -> dict[str, Any]:
    rewrite: dict[str, Any] = {"this": {}}
    for _ in range(depth):
        rewrite = {"union": {"child": [rewrite]}}
    return rewrite


@pytest.mark.parametrize(
    "document,kind",
    [
        ([], "malformed"),
        ({}, "schema-version-required"),
        ({"schema_version": 1.1}, "malformed"),
        ({"schema_version": "2.0"}, "invalid-schema"),
        ({"schema_version": "1.1", "type_definitions": {}}, "malformed"),
        ({"schema_version": "1.1", "type_definitions": [{}]}, "malformed"),
        ({"schema_version": "1.1", "type_definitions": [{"type": "a", "relations": {1: {}}}]}, "malformed"),
        (_model({"this": {}}, conditions={"late": {}}), "unsupported"),
        (_model({"this": {}}, [{"type": "user", "condition": "late"}]), "unsupported"),
        (_model({"this": {}}, []), "assignable-relation-must-have-type"),
        (_model({"this": {}}, [{"type": "user", "wildcard": {}, "relation": "x"}]), "type-wildcard-relation"),
        (_model({"this": {}}, ["user"]), "malformed"),
        (_model({}), "malformed"),
        (_model({"this": {}, "computedUserset": {"relation": "x"}}), "malformed"),
        (_model({"union": {"child": []}}), "malformed"),
        (_model({"union": {"child": "this"}}), "malformed"),
        (_model({"difference": {"base": {"this": {}}}}), "malformed"),
        (_model({"tupleToUserset": {"tupleset": {"relation": "x"}}}), "malformed"),
        (_model(_deep(60)), "malformed"),
        (
            {
                "schema_version": "1.1",
                "type_definitions": [
                    {"type": "a", "metadata": {"relations": {"x": {"directly_related_user_types": {"a": 1}}}},
                     "relations": {"x": {"this": {}}}}
                ],
            },
            "malformed",
        ),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(document: object, kind: str) -> None:
    with pytest.raises(ModelError) as caught:
        from_json(document)
    assert caught.value.problems[0].kind == kind
    assert not caught.value.problems[0].place.known
    assert "line" not in caught.value.description


def test_depth_up_to_the_limit_is_read() -> None:
    assert from_json(_model(_deep(50))).rewrite("doc", "x") is not None
