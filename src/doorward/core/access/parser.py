"""Recursive descent over OpenFGA's modelling language, schema 1.1: tokens in, types with their relations out.

One method a production. A word too many is skipped and a missing mark is taken as written, so that one slip gives one
error; anything worse gives up the definition and goes on at the next line that begins one. All errors are kept.
Conditions and modules are recognised and refused by name: `_condition`, `_restriction` and `_header` are where they go.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from doorward.core.access.lexer import KEYWORDS, WORDS, Token, tokens
from doorward.core.access.model import (
    Computed,
    Direct,
    Exclusion,
    FromParent,
    Intersection,
    Place,
    Problem,
    Restriction,
    Rewrite,
    TypeDefinition,
    Union,
)
from doorward.core.access.relation import shown

NAMES = WORDS | {"name"}
OPERATORS = {"or", "and", "but not"}
STARTS = {"type", "extend", "condition"}
HEADER_HINT = "a model begins with a line `model` and a line `  schema 1.1`"
DEPTH = 50
"""Parentheses inside parentheses, at most."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says, unchecked. `schema` is empty when the header was not understood. A type may be there twice."""

    schema: str
    schema_place: Place
    types: tuple[TypeDefinition, ...]
    problems: tuple[Problem, ...]


class _Lost(Exception):
    """The definition at hand can't be understood; its problem is noted."""


def read(text: str) -> Parsed:
    """The text's types, and everything wrong with its syntax. Does NOT check what names mean."""
    return _Parser(tokens(text)).model()


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._words, self._at = words, 0
        self._problems: list[Problem] = []
        self._schema, self._schema_place = "", Place(0, 0, 0)

    # what is next

    def _next(self, ahead: int = 0) -> Token:
        return self._words[min(self._at + ahead, len(self._words) - 1)]

    def _take(self) -> Token:
        word = self._next()
        self._at += 1
        return word

    def _skip(self, *kinds: str) -> None:
        while self._next().kind in kinds:
            self._at += 1

    def _problem(self, word: Token, message: str, hint: str = "", kind: str = "syntax") -> None:
        self._problems.append(Problem(kind, message, word.place, hint))

    def _unexpected(self, word: Token, wanted: str, hint: str = "") -> None:
        self._problem(word, f"{_named(word)} where {wanted} is expected", hint or _near(word))

    def _expect(self, kinds: Collection[str], wanted: str, *, before: Collection[str] = (), hint: str = "") -> Token:
        """The next word, of one of these kinds. A stray word before it is skipped; if one of `before` stands here,
        the word wanted is taken as written."""
        word = self._next()
        if word.kind in kinds:
            return self._take()
        self._unexpected(word, wanted, hint)
        if self._next(1).kind in kinds:
            self._at += 1
            return self._take()
        if word.kind in before:
            return replace(word, kind="", text="")
        raise _Lost

    def _recover(self) -> None:
        """Go to the next line that begins a definition, or the end."""
        while self._next().kind != "end":
            if self._next().kind == "line" and self._next(1).kind in STARTS | {"define"}:
                return
            self._at += 1

    # productions

    def model(self) -> Parsed:
        types: list[TypeDefinition] = []
        if self._header():
            while self._next().kind != "end":
                try:
                    self._top(types)
                except _Lost:
                    self._recover()
        return Parsed(self._schema, self._schema_place, tuple(types), tuple(self._problems))

    def _header(self) -> bool:
        """`model` and `schema 1.1`. False when there is no header: what follows is then anything."""
        self._before_header({"space", "line", "model", "module"})
        self._skip("space")
        self._before_header({"line", "model", "module"})
        self._skip("line")
        if self._next().kind not in ("model", "module"):
            self._unexpected(self._next(), "`model`", HEADER_HINT)
            return False
        try:
            self._module() if self._next().kind == "module" else self._schema_line()
        except _Lost:
            while self._next().kind not in ("line", "end"):
                self._at += 1
        return True

    def _before_header(self, allowed: Collection[str]) -> None:
        """Skip one stray word, if what is allowed follows it."""
        if self._next().kind not in allowed and self._next(1).kind in allowed:
            self._unexpected(self._take(), "`model`", HEADER_HINT)

    def _schema_line(self) -> None:
        self._take()
        self._expect({"line"}, "a new line")
        self._expect({"schema"}, "`schema`", hint="write `schema 1.1` below `model`")
        self._expect({"space"}, "a space")
        version = self._expect({"version"}, "a version", hint="write `schema 1.1`")
        self._schema, self._schema_place = version.text, version.place

    def _module(self) -> None:
        module = self._take()
        self._expect({"space"}, "a space and the module's name")
        self._expect(NAMES, "the module's name")
        self._problem(module, "modules are not supported yet", "put all types into one model", "unsupported")

    def _top(self, types: list[TypeDefinition]) -> None:
        self._expect({"line"}, "a new line")
        word = self._next()
        if word.kind == "end":
            return
        if word.kind == "condition":
            self._condition()
        elif word.kind in ("type", "extend"):
            self._type(types)
        else:
            self._unexpected(word, "`type`")
            raise _Lost

    def _condition(self) -> None:
        self._take()
        self._expect({"space"}, "a space and the condition's name")
        name = self._next()
        self._problem(name, "conditions are not supported yet", "write relations without conditions", "unsupported")
        while self._next().kind != "end" and not (self._next().kind == "line" and self._next(1).kind in STARTS):
            self._at += 1

    def _type(self, types: list[TypeDefinition]) -> None:
        extends = self._next().kind == "extend"
        if extends:
            self._take()
            self._expect({"space"}, "a space and `type`")
        self._expect({"type"}, "`type`")
        self._expect({"space"}, "a space and the type's name")
        name = self._expect(NAMES, "the type's name")
        if extends:
            self._problem(name, "`extend` is for modules only", "define the type once, with all its relations")
        relations: dict[str, Rewrite] = {}
        places: dict[str, Place] = {}
        types.append(TypeDefinition(name.text, relations, name.place, places))
        if self._next().kind == "line" and self._next(1).kind == "relations":
            self._at += 2
            self._relations(name.text, relations, places)
        elif self._next().kind not in ("line", "end"):
            self._unexpected(self._next(), "a new line")
            raise _Lost

    def _relations(self, type: str, relations: dict[str, Rewrite], places: dict[str, Place]) -> None:
        first = True
        while first or (self._next().kind == "line" and self._next(1).kind not in STARTS | {"end"}):
            try:
                self._define(type, relations, places)
            except _Lost:
                self._recover()
                if self._next(1).kind != "define":
                    return
            first = False

    def _define(self, type: str, relations: dict[str, Rewrite], places: dict[str, Place]) -> None:
        self._expect({"line"}, "a new line and `define`")
        self._expect({"define"}, "`define`")
        self._expect({"space"}, "a space and the relation's name")
        name = self._expect(NAMES, "the relation's name")
        self._skip("space")
        self._expect({":"}, "`:`", before={*NAMES, "[", "("}, hint=f"write `define {name.text}: …`")
        self._skip("space")
        rewrite = self._definition(direct=True, depth=0)
        if name.text in relations:
            self._problem(name, f"`{name.text}` is already defined in `{type}`", "join the two definitions with `or`")
        relations[name.text], places[name.text] = rewrite, name.place
        if self._next().kind not in ("line", "end"):
            self._unexpected(self._next(), "a new line", self._mixed())
            if self._next(1).kind not in ("line", "end"):
                raise _Lost
            self._at += 1

    def _mixed(self) -> str:
        if self._next().kind == "space" and self._next(1).kind in OPERATORS:
            return "put parentheses round one of the operators: `(a and b) or c`"
        return ""

    def _definition(self, *, direct: bool, depth: int) -> Rewrite:
        """Operands joined by one and the same operator."""
        parts = [self._operand(direct=direct, depth=depth)]
        operator = self._next(1).kind if self._next().kind == "space" else ""
        if operator not in OPERATORS:
            return parts[0]
        while self._next().kind == "space" and self._next(1).kind == operator:
            self._at += 2
            self._expect({"space"}, "a space")
            parts.append(self._operand(direct=False, depth=depth))
            if operator == "but not":
                return Exclusion(parts[0], parts[1])
        return Union(tuple(parts)) if operator == "or" else Intersection(tuple(parts))

    def _operand(self, *, direct: bool, depth: int) -> Rewrite:
        starts = {*NAMES, "("} | ({"["} if direct else set())
        word = self._expect(
            starts,
            "a relation, `[` or `(`" if direct else "a relation or `(`",
            hint="types in brackets come first, once: `[user] or writer`" if self._next().kind == "[" else "",
        )
        if word.kind == "[":
            return self._direct(word)
        if word.kind == "(":
            return self._parentheses(word, direct=direct, depth=depth + 1)
        if self._next().kind == "space" and self._next(1).kind == "from":
            self._at += 2
            self._expect({"space"}, "a space")
            parent = self._expect(NAMES, "a relation")
            place = Place(word.place.line, word.place.column, parent.place.end)
            return FromParent(word.text, parent.text, place, parent.place)
        return Computed(word.text, word.place)

    def _parentheses(self, opened: Token, *, direct: bool, depth: int) -> Rewrite:
        if depth > DEPTH:
            self._problem(opened, f"more than {DEPTH} parentheses inside one another")
            raise _Lost
        self._skip("space")
        inner = self._definition(direct=direct, depth=depth)
        self._skip("space")
        self._expect({")"}, "`)`")
        return inner

    def _direct(self, opened: Token) -> Rewrite:
        restrictions: list[Restriction] = []
        while True:
            self._skip("space")
            self._restriction(restrictions)
            self._skip("space")
            if self._expect({",", "]"}, "`,` or `]`").kind == "]":
                place = Place(opened.place.line, opened.place.column, self._words[self._at - 1].place.end)
                return Direct(tuple(restrictions), place)

    def _restriction(self, restrictions: list[Restriction]) -> None:
        if self._next().kind not in NAMES | {"line"} and self._next(1).kind in NAMES | {"line"}:
            self._unexpected(self._take(), "a type", "a relation that nobody can be written on is not written `[]`")
        self._skip("line")
        try:
            type = self._expect(NAMES, "a type")
        except _Lost:
            while self._next().kind not in ("space", "line", ",", "]", "end"):
                self._at += 1
            return
        relation, wildcard, end = "", False, type.place.end
        if self._next().kind == ":":
            self._take()
            end, wildcard = self._expect({"*"}, "`*`").place.end, True
        elif self._next().kind == "#":
            self._take()
            word = self._expect(NAMES, "a relation")
            relation, end = word.text, word.place.end
        condition = self._with()
        self._skip("line")
        place = Place(type.place.line, type.place.column, end)
        restrictions.append(Restriction(type.text, relation, wildcard, condition, place, type.place))

    def _with(self) -> str:
        if self._next().kind != "space" or self._next(1).kind != "with":
            return ""
        self._at += 2
        self._expect({"space"}, "a space and the condition's name")
        name = self._expect({"name"}, "the condition's name")
        self._problem(name, "conditions are not supported yet", "write relations without conditions", "unsupported")
        return name.text


def _named(word: Token) -> str:
    named: Mapping[str, str] = {"line": "the line's end", "space": "a space", "end": "the text's end"}
    return named.get(word.kind) or f"`{shown(word.text)}`"


def _near(word: Token) -> str:
    close = difflib.get_close_matches(word.text, KEYWORDS, n=1, cutoff=0.75) if word.kind == "name" else []
    return f"did you mean `{close[0]}`?" if close else ""
