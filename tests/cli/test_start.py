"""`doorward secret-key` and `doorward init`."""

from __future__ import annotations

import re
from pathlib import Path

from doorward.core.settings import Settings
from doorward.settings import key_bytes
from tests.cli.conftest import Doorward


def test_each_secret_key_is_another_and_fits(doorward: Doorward) -> None:
    keys = {doorward("secret-key").out.strip() for _ in range(3)}
    assert len(keys) == 3
    for key in keys:
        assert len(key_bytes(Settings(secret_key=key))) == 32


def test_an_unknown_template_names_those_there_are(doorward: Doorward) -> None:
    done = doorward("init", "cobol")
    assert done.status == 2
    assert "known: " in done.err


def test_init_writes_what_the_template_has_and_overwrites_nothing(doorward: Doorward, tmp_path: Path) -> None:
    done = doorward("init", "fastapi", "--directory", "mine")
    assert done.status == 0, done.err
    written = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert "access.toml" in written
    assert not [name for name in written if name.endswith(".tmpl")]
    again = doorward("init", "fastapi", "--directory", "mine")
    assert again.status == 2
    assert "is there already" in again.err


def test_the_commands_that_the_template_names_work(doorward: Doorward, tmp_path: Path) -> None:
    assert doorward("init", "fastapi").status == 0
    assert doorward("apply").status == 0  # as the application does when it starts
    lines = re.findall(r"^    doorward (.*?)(?:  +#.*)?$", (tmp_path / "README.md").read_text(), re.M)
    assert len(lines) > 2
    for line in lines:
        done = doorward(*line.split())
        assert done.status == 0, f"{line}: {done.err}"
