"""From the fields of an operation's request to options and arguments, and back.

A field's option has the field's name (`redirect_uris` is given as `--redirect-uri`, once for each), unless its
metadata say `option`. A secret is read from standard input (`--password-stdin`) or a file (`--password-file`), never
from an argument: the process list and the shell's history would show it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import inspect

from doorward.core.errors import Invalid

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request as the command line sees it. `kind` says how it is given and read."""

    name: str
    kind: str  # text | whole | flag | switch | choice | list | mapping | secret | file
    required: bool
    help: str = ""
    option: str = ""
    choices: tuple[str, ...] = ()

    @property
    def spellings(self) -> list[str]:
        """The option, and the API's own name where that is another one."""
        full = f"--{self.name.replace('_', '-')}"
        return [f"--{self.option}"] if f"--{self.option}" == full else [f"--{self.option}", full]


def fields_of(request: type[Any]) -> list[Field]:
    """The fields of a msgspec Struct, in order. Raises TypeError for a type that no command line can spell."""
    info = inspect.type_info(request)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"`{request.__name__}` is not a Struct")
    return [_field(field) for field in info.fields]


def _field(field: inspect.Field) -> Field:
    kind, meta, nullable = _unwrapped(field.type)
    spelled = _kind(field, kind, meta, nullable)
    choices = tuple(str(value) for value in kind.values) if isinstance(kind, inspect.LiteralType) else ()
    name = field.encode_name
    singular = name.removesuffix("s") if spelled in ("list", "mapping") else name
    return Field(
        name,
        spelled,
        field.required,
        str(meta.get("description", "")),
        str(meta.get("option", singular.replace("_", "-"))),
        choices,
    )


def _unwrapped(kind: inspect.Type) -> tuple[inspect.Type, dict[str, Any], bool]:
    """The type without None and metadata, all metadata, and whether it may be None."""
    meta: dict[str, Any] = {}
    nullable = False
    while True:
        if isinstance(kind, inspect.Metadata):
            meta = {**(kind.extra_json_schema or {}), **(kind.extra or {}), **meta}
            kind = kind.type
        elif isinstance(kind, inspect.UnionType):
            rest = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
            if len(rest) != 1:
                raise TypeError("a union of two kinds cannot be given on the command line")
            nullable, kind = True, rest[0]
        else:
            return kind, meta, nullable


_KINDS: tuple[tuple[type[inspect.Type], str], ...] = (
    (inspect.LiteralType, "choice"),
    (inspect.BoolType, "flag"),
    (inspect.IntType, "whole"),
    (inspect.StrType, "text"),
    (inspect.VarTupleType, "list"),
    (inspect.ListType, "list"),
    (inspect.DictType, "mapping"),
)


def _kind(field: inspect.Field, kind: inspect.Type, meta: dict[str, Any], nullable: bool) -> str:
    for said in ("secret", "file"):
        if meta.get(said):
            return said
    found = next((name for known, name in _KINDS if isinstance(kind, known)), None)
    if found is None:
        raise TypeError(f"field `{field.name}` has a type that no command line can spell")
    return "switch" if found == "flag" and (nullable or field.default is True) else found


def parameters(fields: Sequence[Field], arguments: Sequence[str]) -> list[click.Parameter]:
    """Click's parameters: the named fields by position, in that order, and the others as options."""
    by_name = {field.name: field for field in fields}
    made: list[click.Parameter] = []
    for name in arguments:
        field = by_name[name]
        many = -1 if field.kind == "list" else 1
        made.append(click.Argument([name], required=field.required, nargs=many, metavar=_metavar(field)))
    for field in fields:
        if field.name not in arguments:
            made += _options(field)
    return made


def _metavar(field: Field) -> str:
    name = "FILE" if field.kind == "file" else field.name.upper()
    name = f"{name}..." if field.kind == "list" else name
    return name if field.required else f"[{name}]"


def _options(field: Field) -> list[click.Parameter]:
    if field.kind == "secret":
        return list(secret_options(field))
    if field.kind == "switch":
        spelled = f"--{field.option}/--no-{field.option}"
        return [click.Option([spelled, field.name], default=None, help=field.help)]
    kinds: dict[str, dict[str, Any]] = {
        "flag": {"is_flag": True, "default": None},
        "whole": {"type": int},
        "choice": {"type": click.Choice(field.choices)},
        "list": {"multiple": True},
        "mapping": {"multiple": True, "metavar": "NAME=VALUE"},
        "file": {"metavar": "PATH"},
        "text": {},
    }
    return [click.Option([*field.spellings, field.name], required=field.required, help=field.help, **kinds[field.kind])]


def secret_options(field: Field) -> tuple[click.Option, click.Option]:
    """The two ways to give a secret: on standard input, or in a file."""
    what = field.name.replace("_", " ")
    return (
        click.Option(
            [f"--{field.option}-stdin", f"{field.name}__stdin"], is_flag=True, help=f"Read the {what} from stdin."
        ),
        click.Option(
            [f"--{field.option}-file", f"{field.name}__file"], metavar="PATH", help=f"Read the {what} from a file."
        ),
    )


def request_from(request: type[Any], fields: Sequence[Field], values: dict[str, Any]) -> Any:
    """The request that these parameters say. Raises Invalid naming the field, and for a secret that is required
    and was not given. Reads standard input and files where a field says so."""
    plain: dict[str, Any] = {}
    for field in fields:
        value = secret_from(field, values) if field.kind == "secret" else values.get(field.name)
        if value is None or (field.kind in ("list", "mapping") and not value):
            continue
        plain[field.name] = _read(field, value)
    try:
        return msgspec.convert(plain, request)
    except msgspec.ValidationError as error:
        raise Invalid(str(error)[:1].lower() + str(error)[1:]) from None


def _read(field: Field, value: Any) -> Any:
    if field.kind == "file":
        return _file(value)
    if field.kind == "mapping":
        pairs = [pair.partition("=") for pair in value]
        if bad := [name for name, sign, _ in pairs if not sign]:
            raise Invalid(f"`{bad[0]}` is not NAME=VALUE")
        return {name: text for name, _, text in pairs}
    return list(value) if field.kind == "list" else value


def secret_from(field: Field, values: dict[str, Any]) -> str | None:
    """The secret that was given, or None. Raises Invalid when it is required and was not, or was given twice."""
    path = values.get(f"{field.name}__file")
    from_stdin = values.get(f"{field.name}__stdin")
    if path and from_stdin:
        raise Invalid(f"give --{field.option}-stdin or --{field.option}-file, not both")
    if path:
        return _line(_file(path))
    if from_stdin:
        if sys.stdin.isatty():
            return str(click.prompt(field.name, hide_input=True, err=True))
        return _line(sys.stdin.read())
    if not field.required:
        return None
    if sys.stdin.isatty():
        return str(click.prompt(field.name, hide_input=True, confirmation_prompt=True, err=True))
    raise Invalid(f"`{field.name}` is needed", hint=f"give --{field.option}-stdin or --{field.option}-file PATH")


def _file(path: str) -> str:
    try:
        return sys.stdin.read() if path == _STDIN else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Invalid(f"cannot read `{path}`: {why}") from None


def _line(text: str) -> str:
    """Without the newline that an editor or `echo` puts at the end; every other character is the secret's."""
    return text.removesuffix("\n").removesuffix("\r")
