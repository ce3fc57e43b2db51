"""The pytest plugin: the fixture `doorward` proves that an app's doors are shut.

    # pytest.ini
    [pytest]
    doorward = app:door

    def test_doors(doorward, client):
        doorward.assert_all_guarded(app, public={"/healthz"})
        ann = doorward.user("ann", role="clerk", org="acme")
        assert client.get("/invoices/7", auth=ann).status_code == 404

Loaded in every pytest run of a machine that has doorward: nothing is imported before a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from doorward.testing.doors import Doors

_INI = "doorward"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`doorward = module:attribute` in the ini file: where the app's Doorward is."""
    parser.addini(_INI, "the app's door for the `doorward` fixture, as module:attribute, e.g. app:door", default="")


@pytest.fixture
def doorward(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Doors]:
    """The app's door on a database of this test's own, with access.toml applied and a clock that stands still."""
    from doorward.testing.standing import find_door, standing

    door = find_door(str(request.config.getini(_INI)), request.config.rootpath)
    with standing(door, tmp_path / "doorward-test", request.config.rootpath) as doors:
        yield doors
