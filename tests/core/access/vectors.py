"""Where the public test vectors are: beside the repository, or where TESTS_VECTORS says. They may be absent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

_ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("TESTS_VECTORS", _ROOT.parent / "shared" / "vectors"))


def load(name: str) -> list[Any]:
    """The cases of one YAML file, or none."""
    path = FOLDER / name
    if not path.exists():
        return []
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    cases = document["tests"] if isinstance(document, dict) else document
    assert isinstance(cases, list)
    return cases


def skip_without(cases: list[Any]) -> list[Any]:
    """The cases as parameters, or one that skips with the reason."""
    absent = pytest.param(None, marks=pytest.mark.skip(reason="the public vectors are not here"), id="absent")
    return cases or [absent]
