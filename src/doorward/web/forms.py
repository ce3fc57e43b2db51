"""Forms: decoding them, and the token that says a form of ours was shown to this browser.

The token is a MAC of the form's name and of what the browser holds: its session cookie or, before sign-in, a cookie
that only this binds to. It is worth nothing in another form, another session or another browser.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from doorward.core.errors import DoorwardError, Forbidden, Invalid
from doorward.core.secret import digest, same
from doorward.ports import World
from doorward.web import cookies
from doorward.web.arrival.arrival import arrival_of, header_values, sent_by
from doorward.web.arrival.rules import own_origins

TOKEN_FIELD = "form_token"
_FIELD_LIMIT = 100
_URLENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class FormErrors:
    """What a form that is shown again says of what went wrong: a title, perhaps a text, a sentence a field, and a
    hint that stands beside the field."""

    title: str
    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""


def form_errors(error: DoorwardError, fields: Collection[str], title: str = "Please look at this again") -> FormErrors:
    """An error beside the field that its reason begins with (`password.short`: `password`), else above the form."""
    said, hint = sentence(error.description), sentence(error.hint) if error.hint else ""
    name = error.reason.partition(".")[0]
    return FormErrors(title, fields={name: said}, hint=hint) if name in fields else FormErrors(said, hint)


def sentence(text: str) -> str:
    """A description or hint as prose: a capital letter, no backticks, a full stop."""
    text = text.replace("`", "")
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a urlencoded body, each given once. Raises Invalid for another type, a duplicate, or bad UTF-8."""
    arrival = arrival_of(request)
    if arrival.form is None:
        arrival.form = decode_form(header_values(request.scope, "content-type"), await request.body())
    return arrival.form


def form_token(world: World, request: Request, form: str) -> str:
    """The token for a page that shows this form. A browser without a session is given a cookie to bind it to."""
    arrival = arrival_of(request)
    binding = _binding(world, request)
    if binding is None:
        arrival.form_cookie = urlsafe_b64encode(world.entropy.bytes(32)).rstrip(b"=").decode()
        binding = f"form:{arrival.form_cookie}"
    return _mac(world, form, binding)


async def verify_form(world: World, request: Request, form: str) -> None:
    """Raise Forbidden unless a page of ours sent this form for this browser.

    `Origin` and `Sec-Fetch-Site`, where sent, must say so (`null` does not), and the token must be this form's and this
    browser's.
    """
    if sent_by(request.scope, own_origins(world.settings.public_url, world.settings.dev)) == "foreign":
        raise Forbidden(
            "this form was sent from another site", reason="form.origin", hint="open the page here and send it again"
        )
    binding = _binding(world, request)
    sent = (await form_of(request)).get(TOKEN_FIELD, "")
    if binding is None or not same(sent, _mac(world, form, binding)):  # rfc6749#10.12
        raise Forbidden(
            "this form was out of date", reason="form.token", hint="open the page again and send it once more"
        )


def _binding(world: World, request: Request) -> str | None:
    secret = cookies.session_secret(request)
    if secret is not None:
        return f"session:{digest(secret)}"
    pre = arrival_of(request).form_cookie or cookies.read(request, world.settings, cookies.FORM)
    return None if pre is None else f"form:{pre}"


def _mac(world: World, form: str, binding: str) -> str:
    return urlsafe_b64encode(world.keyring.mac("form", f"{form}\0{binding}".encode())).rstrip(b"=").decode()


def decode_form(types: Sequence[str], body: bytes) -> Mapping[str, str]:
    """The fields of a body whose Content-Type headers are `types`. Raises Invalid as `form_of`."""
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != _URLENCODED:
        raise Invalid(f"the body must be `{_URLENCODED}`", reason="form.type")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELD_LIMIT)
    except ValueError:
        raise Invalid(
            "the form could not be read", reason="form.malformed", hint="send it as UTF-8, urlencoded"
        ) from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise Invalid(f"`{name[:64]}` was sent more than once", reason="form.duplicate")
        fields[name] = value
    return fields
