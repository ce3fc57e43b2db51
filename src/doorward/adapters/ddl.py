"""A table's neutral DDL, from its descriptor: what a first migration says, and what a table without migrations gets.

Types are `TEXT BIGINT BOOLEAN BYTES JSON`, names are `{name}`; `rendered` puts a database's own in their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from doorward.adapters.columns import shape
from doorward.adapters.statements import listed, quoted
from doorward.core.table import Table

_TYPED = re.compile(r'("\w+" )(TEXT|BIGINT|BOOLEAN|BYTES|JSON)\b')
_NAMED = re.compile(r"\{(\w+)\}")


def create(table: Table[Any]) -> list[str]:
    """CREATE TABLE and its indexes, one statement each."""
    columns = [f"    {quoted(c.name)} {c.type}{'' if c.nullable else ' NOT NULL'}" for c in shape(table).columns]
    body = ",\n".join([*columns, f"    PRIMARY KEY ({listed(table.key)})"])
    return [f"CREATE TABLE {{{table.name}}} (\n{body}\n)", *_indexes(table)]


def _indexes(table: Table[Any]) -> Iterator[str]:
    for names in table.unique:
        absent = [name for name in names if shape(table).nullable(name)]
        where = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in absent)
        yield _index(table, names, unique=True, where=where)
    for names, column, value in table.unique_when:
        text = value.replace("'", "''")
        yield _index(table, names, unique=True, where=f"{quoted(column)} = '{text}'", suffix="_when_" + column)
    for names in table.lookup:
        yield _index(table, names)
    if table.expires:
        where = f"{quoted(table.expires)} IS NOT NULL" if shape(table).nullable(table.expires) else ""
        yield _index(table, (table.expires,), where=where)


def _index(
    table: Table[Any], names: tuple[str, ...], *, unique: bool = False, where: str = "", suffix: str = ""
) -> str:
    name = f"{table.name}__{'_'.join(names)}{suffix}"
    condition = f" WHERE {where}" if where else ""
    kind = "UNIQUE INDEX" if unique else "INDEX"
    return f"CREATE {kind} {{{name}}} ON {{{table.name}}} ({listed(names)}){condition}"


def rendered(statement: str, types: Mapping[str, str], name: Callable[[str], str]) -> str:
    """A neutral statement with this database's types and names."""
    typed = _TYPED.sub(lambda match: match[1] + types[match[2]], statement)
    return _NAMED.sub(lambda match: name(match[1]), typed)
