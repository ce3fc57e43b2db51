"""OpenFGA's modelling language, schema 1.1: `parse` reads it, `to_dsl` writes it.

A model written and parsed again is the same model. Comments are not kept.
"""

from __future__ import annotations

from doorward.core.access import checks, parser
from doorward.core.access.model import (
    Computed,
    Direct,
    Exclusion,
    FromParent,
    Intersection,
    Model,
    ModelError,
    Place,
    Problem,
    Rewrite,
    Union,
)

MAX_BYTES = 262_144
"""Of a model's text, at most: OpenFGA's own limit."""


def parse(text: str) -> Model:
    """The model that a text describes. ModelError with everything wrong: syntax first, then what the names mean.

    Does NOT know conditions (`with`, `condition`) and modules yet: they are refused, never ignored.
    """
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        problem = Problem("too-large", f"the model is larger than {MAX_BYTES} bytes", Place(0, 0, 0))
        raise ModelError([problem])
    parsed = parser.read(text)
    found = parsed.problems or checks.problems(parsed.schema, parsed.schema_place, parsed.types)
    if found:
        raise ModelError(found)
    return Model(parsed.schema, {definition.name: definition for definition in parsed.types})


def to_dsl(model: Model) -> str:
    """The model as text, types and relations in their order. ModelError for what the language can't say: subjects
    written inside a `but not`, or in two operands (a model read from JSON may have them)."""
    lines = ["model", f"  schema {model.schema}"]
    for definition in model.types.values():
        lines += ["", f"type {definition.name}"]
        if definition.relations:
            lines.append("  relations")
        for relation, rewrite in definition.relations.items():
            ordered = _direct_first(rewrite)
            if not _sayable(ordered):
                message = f"`{relation}` of `{definition.name}` can't be written in the modelling language"
                raise ModelError([Problem("unsupported", message)])
            lines.append(f"    define {relation}: {_text(ordered, outermost=True)}")
    return "\n".join(lines) + "\n"


def _direct_first(rewrite: Rewrite) -> Rewrite:
    """The same rewrite with written subjects before the other operands, where the language wants them."""
    match rewrite:
        case Union(parts):
            return Union(tuple(sorted(map(_direct_first, parts), key=_order)))
        case Intersection(parts):
            return Intersection(tuple(sorted(map(_direct_first, parts), key=_order)))
        case Exclusion(base, minus):
            return Exclusion(_direct_first(base), _direct_first(minus))
        case _:
            return rewrite


def _order(part: Rewrite) -> int:
    return 0 if any(isinstance(leaf, Direct) for leaf in checks.leaves(part)) else 1


def _sayable(rewrite: Rewrite) -> bool:
    return not any(isinstance(leaf, Direct) for leaf in list(checks.leaves(rewrite))[1:])


def _text(rewrite: Rewrite, *, outermost: bool = False) -> str:
    match rewrite:
        case Direct(restrictions):
            return f"[{', '.join(map(str, restrictions))}]"
        case Computed(relation):
            return relation
        case FromParent(relation, parent):
            return f"{relation} from {parent}"
        case Union(parts):
            text = " or ".join(map(_text, parts))
        case Intersection(parts):
            text = " and ".join(map(_text, parts))
        case _:
            text = f"{_text(rewrite.base)} but not {_text(rewrite.minus)}"
    return text if outermost else f"({text})"
