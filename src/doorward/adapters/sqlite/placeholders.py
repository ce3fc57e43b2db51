"""`$n` parameters and `{name}` tables made into what sqlite3 takes.

SQLite reads `$1` as a *name* and binds names in the order they first appear: `SET a = $2 WHERE b = $1` would bind the
first value to a. So each becomes a `?`, and the values are put in the order of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from doorward.adapters.statements import PREFIX

_TOKENS = re.compile(
    r"""
      '(?:[^']|'')*'            # a literal
    | "(?:[^"]|"")*"            # an identifier, in any of three quotings
    | `(?:[^`]|``)*`
    | \[[^\]]*\]
    | --[^\n]*                  # comments
    | /\*.*?(?:\*/|\Z)
    | \$(?P<number>[0-9]+)
    | \{(?P<name>[a-z0-9_]+)\}
    | (?P<other>[?]|[$:@]\w)    # SQLite's own placeholders, which would shift ours
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement for sqlite3. `order` is which parameter each `?` takes; `count` how many there must be."""

    text: str
    order: tuple[int, ...]
    count: int
    straight: bool

    def bind(self, parameters: Sequence[Any]) -> Sequence[Any]:
        """The parameters in the order of the text. TypeError when there are more or fewer than the text names."""
        if len(parameters) != self.count:
            raise TypeError(f"the statement names {self.count} parameters, {len(parameters)} were given")
        return parameters if self.straight else [parameters[index] for index in self.order]


@lru_cache(maxsize=4096)
def compiled(statement: str) -> Compiled:
    """Compile once. ValueError for a placeholder that is not `$n`, `$0`, or a number that is left out."""
    order: list[int] = []

    def replace(match: re.Match[str]) -> str:
        if match["other"]:
            raise ValueError(f"`{match[0]}` is no placeholder here: write `$1`, `$2` …")
        if match["name"]:
            return f'"{PREFIX}{match["name"]}"'
        if match["number"]:
            order.append(int(match["number"]) - 1)
            return "?"
        return match[0]

    text = _TOKENS.sub(replace, statement)
    count = max(order, default=-1) + 1
    if sorted(set(order)) != list(range(count)):
        raise ValueError("parameters are numbered from `$1` and none is left out")
    return Compiled(text, tuple(order), count, straight=order == list(range(count)))
