"""How decisions are fast: the relation index, kept in memory and equal to the database."""

from doorward.engine.index import RelationIndex

__all__ = ["RelationIndex"]
