"""Settings from the environment: `DOORWARD_…` variables, checked, with errors that name the fix.

Every setting of `doorward.core.settings` is read from `DOORWARD_` and its name in capitals; a secret also from a file
named by `…_FILE`. Options of the command line win. A variable that is not known is refused, not ignored: a
misspelt setting would otherwise silently be its default.
"""

from __future__ import annotations

import difflib
import inspect
import os
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import MISSING, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from doorward.core import settings as declared
from doorward.core.errors import Misconfigured
from doorward.core.settings import Settings

PREFIX = "DOORWARD_"
SECRETS = frozenset({"secret_key", "database_url"})
"""Settings that may hold a secret: each is read from `…_FILE` too and never from an argument."""
_UNSET = frozenset({"dev"})  # a command's to say, not the environment's
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_PUBLIC = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*"
)
KEY_BYTES = 32


def load(environ: Mapping[str, str] | None = None, **options: Any) -> Settings:
    """The settings of the environment (`os.environ`), with `options` (None means not given) before it.

    Raises Misconfigured for an unknown variable, a value of the wrong kind, a variable given along with its `_FILE`,
    and an unreadable file. Does NOT ask for what only a server needs (`public_url`, `secret_key`): `require_server`.
    """
    environ = os.environ if environ is None else environ
    names = {PREFIX + field.name.upper(): field.name for field in fields(Settings) if field.name not in _UNSET}
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    for variable in given:
        _known(variable, names)
    values: dict[str, Any] = {}
    for variable, name in names.items():
        text = _text(variable, name, given)
        if text is not None:
            values[name] = _parsed(variable, name, text)
    values |= {name: value for name, value in options.items() if value is not None}
    return _checked(values)


def require_server(settings: Settings) -> Settings:
    """The same settings, if a server can run with them: a public URL and a secret key. Raises Misconfigured."""
    if not settings.public_url:
        raise Misconfigured(
            "`DOORWARD_PUBLIC_URL` is not set",
            hint="set it to where browsers reach this server, e.g. DOORWARD_PUBLIC_URL=https://auth.example.com",
        )
    if not settings.secret_key:
        raise Misconfigured(
            "`DOORWARD_SECRET_KEY` is not set",
            hint="make one with `doorward secret-key > secret.key` and set DOORWARD_SECRET_KEY_FILE=secret.key",
        )
    return settings


def key_bytes(settings: Settings) -> bytes:
    """The server key: 32 bytes from base64url, padded or not. Raises Misconfigured, never saying the value."""
    text = settings.secret_key.strip()
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or not re.fullmatch(r"[A-Za-z0-9_=-]+", text):
        raise Misconfigured(
            "`DOORWARD_SECRET_KEY` is not 32 bytes in base64url", hint="make one with `doorward secret-key`"
        )
    return key


def is_loopback(host: str | None) -> bool:
    """Whether this host name or address never leaves the machine: 127.0.0.0/8, [::1] or `localhost`."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_password(database_url: str | None) -> None:
    """Refuse a database URL with a password as an argument: the process list shows it. Raises Misconfigured."""
    if database_url is not None and urlsplit(database_url).password:
        raise Misconfigured(
            "a database URL with a password is not taken as an argument",
            hint="set DOORWARD_DATABASE_URL, or write it to a file and set DOORWARD_DATABASE_URL_FILE",
        )


def markdown() -> str:
    """The reference of all settings, written from the comments beside them; kept in `docs/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Read from the environment. Lengths are seconds, or a number with `s`, `m`, `h` or `d`. Lists are separated by",
        "commas. `DOORWARD_SECRET_KEY` and `DOORWARD_DATABASE_URL` are also read from a file named by `…_FILE`.",
        "An unknown `DOORWARD_` variable is refused.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    meanings = documentation()
    for field in fields(Settings):
        if field.name not in _UNSET:
            default = "" if field.default is MISSING or field.default in ("", ()) else f"`{_shown(field.default)}`"
            lines.append(f"| `{PREFIX}{field.name.upper()}` | {default} | {meanings[field.name]} |")
    return "\n".join(lines) + "\n"


def documentation() -> dict[str, str]:
    """The comment beside each setting, by its name."""
    source = inspect.getsource(declared)
    return {match[1]: match[2].strip() for match in re.finditer(r"^    (\w+): [^#\n]+#([^\n]+)$", source, re.M)}


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _known(variable: str, names: Mapping[str, str]) -> None:
    plain = variable.removesuffix("_FILE")
    if variable in names or (plain in names and names[plain] in SECRETS):
        return
    if plain in names and plain != variable:
        raise Misconfigured(f"`{variable}` is unknown: only a secret is read from a file", hint=f"set {plain}")
    if re.fullmatch(r"DOORWARD_(SERVICE_.*|PORT_.*)", variable):
        raise Misconfigured(f"unknown variable `{variable}`, set by Kubernetes", hint="set `enableServiceLinks: false`")
    bare = [name.removeprefix(PREFIX) for name in names]
    near = difflib.get_close_matches(variable.removeprefix(PREFIX).upper(), bare, 1, 0.6)
    hint = f"did you mean `{PREFIX}{near[0]}`?" if near else "docs/settings.md lists them all"
    raise Misconfigured(f"unknown variable `{variable}`", reason="setting.unknown", hint=hint)


def _text(variable: str, name: str, given: Mapping[str, str]) -> str | None:
    path = given.get(variable + "_FILE") if name in SECRETS else None
    if path is None:
        return given.get(variable)
    if variable in given:
        raise Misconfigured(f"`{variable}` and `{variable}_FILE` are both set", hint="unset one of them")
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Misconfigured(f"`{variable}_FILE`: cannot read `{path}`: {why}") from None


def _parsed(variable: str, name: str, text: str) -> Any:
    kind = next(str(field.type) for field in fields(Settings) if field.name == name)
    text = text.strip()
    match kind:
        case "str":
            return text
        case "bool" if text.lower() in _TRUE + _FALSE:
            return text.lower() in _TRUE
        case "int" if re.fullmatch(r"[0-9]{1,12}", text):
            return int(text)
        case "Seconds" if match := re.fullmatch(r"([0-9]{1,12})([smhd]?)", text):
            return int(match[1]) * _UNITS[match[2]]
        case "tuple[str, ...]":
            return tuple(part.strip() for part in text.split(",") if part.strip())
    want = {"bool": "true or false", "int": "a whole number", "Seconds": "seconds, or e.g. `10m`, `2h`, `30d`"}[kind]
    hint = f"give {want}"
    if text.startswith("tcp://"):
        hint = "Kubernetes set it for a service called doorward: set `enableServiceLinks: false`"
    raise Misconfigured(f"`{variable}` is `{text[:40]}`", reason="setting.invalid", hint=hint)


def _checked(values: dict[str, Any]) -> Settings:
    if not 0 <= int(values.get("port", 0)) <= 65_535:
        raise Misconfigured("the port is above 65535", reason="setting.invalid", hint="set DOORWARD_PORT")
    if url := values.get("public_url"):
        values["public_url"] = _public_url(str(url))
    for proxy in values.get("trusted_proxies", ()):
        _proxy(proxy)
    if values.get("password_min_length", 15) < 8:
        raise Misconfigured(
            "`DOORWARD_PASSWORD_MIN_LENGTH` is below 8", reason="setting.invalid", hint="15 is the default"
        )
    return Settings(**values)


def _proxy(entry: str) -> None:
    """Refuse what would be no use later, when a request comes."""
    try:
        _ = entry == "unix" or ip_network(entry, strict=False)
    except ValueError:
        raise Misconfigured(
            f"`DOORWARD_TRUSTED_PROXIES` has `{entry[:40]}`",
            reason="setting.invalid",
            hint="give addresses or networks, e.g. 10.0.0.1,10.1.0.0/16, or `unix` for a socket file",
        ) from None


def _public_url(url: str) -> str:
    url = url.rstrip("/")
    fits = _PUBLIC.fullmatch(url)
    if fits is None or int(fits["port"] or 1) > 65_535:
        raise Misconfigured(
            f"`DOORWARD_PUBLIC_URL` is `{url[:80]}`",
            reason="setting.invalid",
            hint="give a URL like https://auth.example.com/path: ASCII, without user, query or fragment",
        )
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise Misconfigured(
            "`DOORWARD_PUBLIC_URL` is not https",
            reason="setting.invalid",
            hint="end TLS before doorward and give the https URL; http is for 127.0.0.1 and localhost alone",
        )
    return url
