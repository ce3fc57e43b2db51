"""The authorization pipeline as it is built, held against the page that is committed."""

from __future__ import annotations

from pathlib import Path

from doorward.core.oauth.stages import describe
from doorward.feature import collect
from doorward.features import FEATURES

SNAPSHOT = Path(__file__).parent / "pipeline.txt"


def test_the_pipeline_is_the_committed_one() -> None:
    """Changed on purpose? `doorward pipeline > tests/features/pipeline.txt`, and say why in the commit."""
    assert describe(collect(FEATURES).steps) == SNAPSHOT.read_text()
