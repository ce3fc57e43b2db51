"""OpenFGA's own vectors: the language's errors and pairs, and the answers of its check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from doorward.core.access.dsl import parse, to_dsl
from doorward.core.access.json_form import from_json, to_json
from doorward.core.access.model import ModelError
from doorward.core.access.relation import Relation
from doorward.core.access.walk import RowSet, check, must_fit
from doorward.core.errors import DoorwardError
from tests.core.access.vectors import FOLDER, load, skip_without

LATER = "needs conditions or modules, which are not built yet"


def _needs_later(text: str) -> bool:
    return any(line.startswith(("module", "condition ")) or " with " in line for line in text.splitlines())


def _named(name: str) -> list[Any]:
    cases = load(f"openfga-language/{name}")
    return skip_without([pytest.param(case, id=case["name"]) for case in cases if not case.get("skip")])


def _expected(case: dict[str, Any]) -> list[tuple[int, int, int, str]]:
    found = []
    for error in case.get("expected_errors") or []:
        kind = (error.get("metadata") or {}).get("errorType", "syntax")
        found.append((error["line"]["start"], error["column"]["start"], error["column"]["end"], kind))
    return sorted(found)


def _problems(text: str) -> list[tuple[int, int, int, str]]:
    try:
        parse(text)
    except ModelError as error:
        return sorted((p.place.line, p.place.column, p.place.end, p.kind) for p in error.problems)
    return []


@pytest.mark.parametrize(
    "case", _named("dsl-syntax-validation-cases.yaml") + _named("dsl-semantic-validation-cases.yaml")
)
def test_problems_stand_where_openfga_says(case: dict[str, Any]) -> None:
    if _needs_later(case["dsl"]) and case["name"] != "a module with missing name with whitespace":
        pytest.skip(LATER)
    assert _problems(case["dsl"]) == _expected(case)


@pytest.mark.parametrize(
    "folder", skip_without(sorted((FOLDER / "openfga-language" / "transformer").glob("*"))), ids=str
)
def test_text_and_json_are_the_same_model(folder: Path) -> None:
    text = (folder / "authorization-model.fga").read_text(encoding="utf-8")
    document = json.loads((folder / "authorization-model.json").read_text(encoding="utf-8"))
    if _needs_later(text):
        pytest.skip(LATER)
    assert to_json(parse(text)) == document
    assert to_dsl(from_json(document)) == text


def _stages() -> list[Any]:
    found = []
    for test in load("openfga/consolidated_1_1_tests.yaml"):
        rows: list[dict[str, str]] = []
        for number, stage in enumerate(test["stages"]):
            rows = rows + (stage.get("tuples") or [])
            found.append(pytest.param(stage, rows, id=f"{test['name']}-{number}"))
    return found or [
        pytest.param({}, [], marks=pytest.mark.skip(reason="the public vectors are not here"), id="absent")
    ]


def _relation(row: dict[str, str]) -> Relation:
    return Relation(row["object"], row["relation"], row["user"])


ERRORS = {2000: {"relation.unknown", "type.unknown"}, 2027: {"type.unknown", "relation.unknown", "subject.refused"}}


@pytest.mark.parametrize("stage,rows", _stages())
def test_checks_answer_as_openfga(stage: dict[str, Any], rows: list[dict[str, str]]) -> None:
    model = parse(stage["model"])
    for assertion in stage.get("checkAssertions") or []:
        key = assertion["tuple"]
        contextual = [_relation(row) for row in assertion.get("contextualTuples") or []]
        answer: object
        try:
            for row in contextual:
                must_fit(model, row)
            found = RowSet([*map(_relation, rows), *contextual])
            answer = check(model, found, key["object"], key["relation"], key["user"]).allowed
        except DoorwardError as error:
            answer = error.reason
        if "errorCode" in assertion:
            assert answer in ERRORS[assertion["errorCode"]], assertion
        else:
            assert answer is assertion["expectation"], assertion
