"""The storage contract, proven on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorward.testing import StorageContract


class TestSqlite(StorageContract):
    adapter = "doorward.adapters.sqlite:open_sqlite"

    @pytest.fixture
    def location(self, tmp_path: Path) -> str:
        return str(tmp_path / "contract.db")
