"""One Operation as an HTTP handler: authorize, decode strictly, run, encode."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from doorward.core.errors import Forbidden, Invalid
from doorward.core.principal import Principal
from doorward.ports import World
from doorward.web import cookies
from doorward.web.arrival.arrival import arrival_of, header_values, sent_by
from doorward.web.arrival.rules import own_origins
from doorward.web.errors import UnsupportedMediaType
from doorward.web.route import Handler, Operation

Authorize: TypeAlias = Callable[[World, Request, str | None], Awaitable[Principal]]
"""Who is calling, provided that they hold the permission (None: provided that they are somebody)."""

_BODY = ("POST", "PUT", "PATCH")
_SAFE = ("GET", "HEAD")


def handler(operation: Operation[Any, Any], authorize: Authorize) -> Handler:
    """The handler that answers this Operation's path and method."""

    async def handle(world: World, request: Request) -> Response:
        _refuse_foreign(world, request)
        principal = await authorize(world, request, operation.permission)
        caller = replace(world.caller, actor=principal.subject, credential=principal.credential)
        call = await decode(operation, request)
        reply = await operation.run(world.on_behalf_of(caller), principal, call)
        if reply is None:
            return Response(status_code=204)
        return Response(
            msgspec.json.encode(reply), status_code=operation.status, headers={"content-type": "application/json"}
        )

    return handle


async def decode(operation: Operation[Any, Any], request: Request) -> Any:
    """The Operation's request, from path and body or query. Raises Invalid naming the field, an unknown one too."""
    known = {field.encode_name: field for field in msgspec.structs.fields(operation.request)}
    path = request.path_params
    sent = await _body(request) if operation.method in _BODY else _query(request, known)
    for name in sent:
        if name in path:
            raise Invalid(f"`{name}` is given by the path", reason="field.in_path")
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(f'`{n}`' for n in known)}"
            raise Invalid(f"there is no field `{name[:64]}`", reason="field.unknown", hint=hint)
    values = {name: _lax(value, known[name]) for name, value in path.items()}
    return convert({**sent, **values}, operation.request)


def convert(value: object, type: Any) -> Any:
    """`value` as this type, or Invalid with a description that names the field and never repeats the value."""
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        raise _invalid(error) from None


def _refuse_foreign(world: World, request: Request) -> None:
    """A call by session cookie must come from a page of ours; one with a credential in its header sees no cookie."""
    if header_values(request.scope, "authorization"):
        arrival_of(request).blind = True
        return
    if request.method in _SAFE or cookies.session_secret(request) is None:
        return
    if sent_by(request.scope, own_origins(world.settings.public_url, world.settings.dev)) != "same":
        raise Forbidden("a call by cookie must come from the same origin", reason="call.origin")


async def _body(request: Request) -> dict[str, object]:
    raw = await request.body()
    if not raw:
        return {}
    types = header_values(request.scope, "content-type")
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("the body must be `application/json`")
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("the body is not JSON", reason="body.malformed") from None
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object", reason="body.malformed")
    return body


def _query(request: Request, known: Mapping[str, msgspec.structs.FieldInfo]) -> dict[str, object]:
    """The query's fields; a list is given by repeating its name, anything else once."""
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100
        )
    except ValueError:
        raise Invalid("the query could not be read", reason="query.malformed") from None
    sent: dict[str, object] = {}
    for name in dict(pairs):
        values = [value for key, value in pairs if key == name]
        if len(values) > 1 and not (name in known and _is_list(known[name])):
            raise Invalid(f"`{name[:64]}` was sent more than once", reason="field.duplicate")
        one: object = values if name in known and _is_list(known[name]) else values[0]
        sent[name] = _lax(one, known[name]) if name in known else one
    return sent


def _is_list(field: msgspec.structs.FieldInfo) -> bool:
    kind = msgspec.inspect.type_info(field.type)
    kinds = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
    return any(isinstance(kind, (msgspec.inspect.ListType, msgspec.inspect.VarTupleType)) for kind in kinds)


def _lax(value: object, field: msgspec.structs.FieldInfo) -> object:
    """Text from a path or a query as the field's type: there, a number has no other spelling."""
    try:
        return msgspec.to_builtins(msgspec.convert(value, field.type, strict=False))
    except msgspec.ValidationError as error:
        raise _invalid(error, field.encode_name) from None


def _invalid(error: msgspec.ValidationError, name: str = "") -> Invalid:
    text, _, where = str(error).partition(" - at `")
    place = (name or where.rstrip("`").removeprefix("$").removeprefix(".")).removeprefix(".")
    text = text[:1].lower() + text[1:]
    text = "the value is none of those allowed" if text.startswith("invalid enum value") else text
    return Invalid(f"`{place}`: {text}" if place else text, reason="field.invalid")
