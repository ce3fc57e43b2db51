"""Words of OpenFGA's modelling language: text in, tokens with their places out.

White space is a token, because the language needs it between words and because errors point at it; a line's end takes
the indentation round it and following empty lines along. Comments (`#` at a line's start or behind white space) and
trailing white space are no part of the language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from doorward.core.access.model import Place

WORDS = frozenset({"module", "model", "schema", "extend", "type", "relation"})
"""Key words that may also be names."""
KEYWORDS = WORDS | {"relations", "define", "and", "or", "from", "with", "condition"}

_TOKEN = re.compile(
    r"""(?P<line>(?:[ \t]*(?:\r\n|\n|\r|\f))+[ \t]*)
      | (?P<space>[ \t]+)
      | (?P<butnot>but\ not(?![A-Za-z0-9_/.-]))
      | (?P<name>[A-Za-z_](?:[A-Za-z0-9_]|[/.-](?=[A-Za-z0-9_])|-)*)
      | (?P<version>[0-9]+\.[0-9]+)
      | (?P<mark>[\[\]():,#*<>{}])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"\s#")


@dataclass(frozen=True, slots=True)
class Token:
    """A word. `kind` is `name`, `space`, `line`, `version`, `other`, `end`, or the key word or mark itself."""

    kind: str
    text: str
    place: Place


def tokens(text: str) -> list[Token]:
    """The words of a text, `end` last. Nothing is refused here: a stray character is a token of its own."""
    cleaned = "\n".join(_without_comment(line) for line in text.split("\n"))
    found: list[Token] = []
    line = column = 0
    for match in _TOKEN.finditer(cleaned):
        word = match[0]
        place = Place(line, column, column + len(word))
        found.append(Token(_kind(match.lastgroup or "", word), word, place))
        if match.lastgroup == "line":
            rows = re.split(r"\r\n|\n|\r|\f", word)
            line, column = line + len(rows) - 1, len(rows[-1])
        else:
            column += len(word)
    found.append(Token("end", "<end>", Place(line, column, column + len("<EOF>"))))
    return found


def _without_comment(line: str) -> str:
    comment = _COMMENT.search(line)
    return "" if line.lstrip().startswith("#") else line[: comment.start() if comment else None].rstrip()


def _kind(group: str, word: str) -> str:
    if group == "mark" or (group == "name" and word in KEYWORDS):
        return word
    return "but not" if group == "butnot" else group
