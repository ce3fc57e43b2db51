"""`doorward apply`: make permissions and roles equal to access.toml, saying first what that changes."""

from __future__ import annotations
