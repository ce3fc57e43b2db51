"""A guarded app on a database of the test's own, people at its door, and a client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from doorward.testing.doors import Doors
from doorward.testing.standing import standing
from tests.faces.invoices import Built, build


@pytest.fixture
def built(tmp_path: Path) -> Built:
    return build(tmp_path)


@pytest.fixture
def doors(built: Built, tmp_path: Path) -> Iterator[Doors]:
    """Invoice 7 is Acme's, 8 is Globex's, 9 is nobody's."""
    with standing(built.door, tmp_path / "standing") as doors:
        doors.place(("invoice", 7), org="acme")
        doors.place(("invoice", 8), org="globex")
        yield doors


@pytest.fixture
def client(built: Built, doors: Doors) -> Iterator[TestClient]:
    with TestClient(built.app, base_url="https://app.example.com") as client:
        yield client
