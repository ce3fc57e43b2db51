"""Every table is made by a migration, and exactly as it is declared."""

from __future__ import annotations

from doorward.adapters import migrations
from doorward.testing.migrations import differences, owned
from doorward.testing.world import all_tables


def test_the_migrated_schema_is_the_declared_one() -> None:
    assert differences(all_tables()) == []


def test_every_owner_has_migrations() -> None:
    assert [owner for owner in owned(all_tables()) if not migrations.of(owner)] == []
