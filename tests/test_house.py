"""The house keeps its shape: a capability is one folder, its mirror under tests, and one line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from doorward.core.settings import SETTING_LIMIT, Settings
from doorward.feature import Feature, collect
from doorward.features import FEATURES
from tests.administration import SAMPLES

SOURCE = Path(__file__).parent.parent / "src" / "doorward"
FOLDERS = sorted(path.parent.name for path in (SOURCE / "features").glob("*/__init__.py"))

NAMED = {
    # who may name a feature besides features/__init__.py, and why
    ("app", "checks"): "the hot endpoint is mounted before the router",
    ("app", "token_endpoint"): "so is this one's",
    ("cli", "checks"): "`doorward check` prints what the operation answers",
    ("cli", "setup"): "`doorward serve` prints the code, an administrator's key closes it",
    ("app", "setup"): "the code is made at start",
    ("testing", "setup"): "a test's installation has an administrator",
}


def imports(source: Path) -> set[str]:
    """Every module this file imports, absolutely."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


@pytest.mark.parametrize("folder", FOLDERS)
def test_feature_is_one_folder_and_one_line(folder: str) -> None:
    """Nothing outside its folder names a feature, but the list of features and what NAMED explains."""
    prefix = f"doorward.features.{folder}"
    elsewhere = {
        source.relative_to(SOURCE).parts[0].removesuffix(".py")
        for source in SOURCE.rglob("*.py")
        if folder not in source.relative_to(SOURCE).parts[1:2] or source.parts[-2] != folder
        if any(name == prefix or name.startswith(prefix + ".") for name in imports(source))
        if not source.is_relative_to(SOURCE / "features" / folder)
        if source != SOURCE / "features" / "__init__.py"
    }
    assert {room for room in elsewhere if (room, folder) not in NAMED} == set()
    line = [
        text for text in (SOURCE / "features" / "__init__.py").read_text().splitlines() if f"{folder}.FEATURE" in text
    ]
    assert len(line) == 1


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_house_stands_without_any_one_feature(feature: Feature) -> None:
    """Each can be left out: what is joined is all that the others add, and discovery says nothing of it."""
    rest = tuple(other for other in FEATURES if other is not feature)
    house = collect(rest)
    settings = Settings(public_url="https://door.example")
    for grant in feature.grants:
        assert grant not in house.grants
        assert grant not in house.metadata(settings).get("grant_types_supported", ())
    assert not {operation.name for operation in feature.operations} & {one.name for one in house.operations}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_feature_has_its_mirror(feature: Feature) -> None:
    """Its tests stand where its name says; one that only adds operations is gone over with all others."""
    folder = feature.name.replace("-", "_")
    own = list((Path(__file__).parent / "features" / folder).glob("test_*.py"))
    assert own or (feature.operations and not feature.routes and not feature.grants)
    assert {operation.name for operation in feature.operations} <= set(SAMPLES)


def test_settings_are_few() -> None:
    """Sixty settings at most: a new one has to earn its place."""
    assert len(Settings.__dataclass_fields__) <= SETTING_LIMIT
