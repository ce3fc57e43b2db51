"""Finding users and service accounts by what people call them. For administrators: a miss names the nearest hit."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches

from doorward.core.errors import Invalid, NotFound
from doorward.core.table import Value
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, Status, User
from doorward.domain.accounts.rules import service_account_key, username_key
from doorward.ports import World

_USER_FIELDS = [field.name for field in fields(User)]
_USER_COLUMNS = ", ".join(_USER_FIELDS)
_ACCOUNT_COLUMNS = ", ".join(field.name for field in fields(ServiceAccount))
_NEIGHBOURS = 200


async def user(world: World, reference: str) -> User:
    """The user called `reference`: a username, `usr_…`, or either behind `user:`. NotFound names the nearest one.

    Does NOT find by e-mail address. Does NOT belong on a path that strangers reach: it tells who exists.
    """
    name = reference.removeprefix("user:")
    found = await _user(world, name)
    if found is None:
        raise await _no_such(world, "user", name)
    return found


async def subject(world: World, reference: str) -> User | ServiceAccount:
    """The principal called `reference`: as `user` takes it, `svc_…`, or an id or name behind `service_account:`.

    NotFound names the nearest one.
    """
    name = reference.removeprefix("service_account:")
    if name == reference and not name.startswith("svc_"):
        return await user(world, reference)
    found = await _service_account(world, name)
    if found is None:
        raise await _no_such(world, "service account", name)
    return found


async def by_username(world: World, key: str) -> User | None:
    """The user with this canonical username. Does NOT map the name: `rules.username_key` does."""
    return await world.storage.find(USERS, username_key=key)


async def principal_record(world: World, subject: str) -> User | ServiceAccount | None:
    """The record of a principal's subject (`user:ID`, `service_account:ID`), whatever its status; None if gone."""
    kind, _, id = subject.partition(":")
    if kind == "user":
        return await world.storage.get(USERS, id)
    if kind == "service_account":
        return await world.storage.get(SERVICE_ACCOUNTS, id)
    return None


async def users(
    world: World, *, text: str = "", status: Status | None = None, after: str = "", limit: int = 50
) -> list[User]:
    """Up to `limit` users in order of creation behind the id `after`, whose username, name or address holds `text`."""
    where, parameters = _filter(("username_key", "email_key", "lower(name)"), text, status, after, limit)
    rows = await world.storage.read(f"SELECT {_USER_COLUMNS} FROM {{users}} {where}", parameters)  # noqa: S608  # columns of ours only
    found = [dict(zip(_USER_FIELDS, row, strict=True)) for row in rows]
    return [User(**{**columns, "email_verified": bool(columns["email_verified"])}) for columns in found]


async def service_accounts(
    world: World, *, text: str = "", status: Status | None = None, after: str = "", limit: int = 50
) -> list[ServiceAccount]:
    """Up to `limit` service accounts in order of creation behind the id `after`, whose name holds `text`."""
    where, parameters = _filter(("name_key",), text, status, after, limit)
    statement = f"SELECT {_ACCOUNT_COLUMNS} FROM {{service_accounts}} {where}"  # noqa: S608  # columns of ours only
    return [ServiceAccount(*row) for row in await world.storage.read(statement, parameters)]


def _filter(
    columns: tuple[str, ...], text: str, status: Status | None, after: str, limit: int
) -> tuple[str, list[Value]]:
    parameters: list[Value] = [after]
    clauses = ["id > $1"]
    if text:
        literal = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        parameters.append(f"%{literal}%")
        clauses.append("(" + " OR ".join(f"{column} LIKE ${len(parameters)} ESCAPE '\\'" for column in columns) + ")")
    if status:
        parameters.append(status)
        clauses.append(f"status = ${len(parameters)}")
    parameters.append(limit)
    return f"WHERE {' AND '.join(clauses)} ORDER BY id LIMIT ${len(parameters)}", parameters


async def _user(world: World, name: str) -> User | None:
    if name.startswith("usr_"):
        return await world.storage.get(USERS, name)
    try:
        return await by_username(world, username_key(name))
    except Invalid:
        return None


async def _service_account(world: World, name: str) -> ServiceAccount | None:
    if name.startswith("svc_"):
        return await world.storage.get(SERVICE_ACCOUNTS, name)
    try:
        return await world.storage.find(SERVICE_ACCOUNTS, name_key=service_account_key(name))
    except Invalid:
        return None


async def _no_such(world: World, kind: str, name: str) -> NotFound:
    table, column = ("{users}", "username_key") if kind == "user" else ("{service_accounts}", "name_key")
    wanted = name.lower()
    candidates: list[str] = []
    for condition, order in (("<=", "DESC"), (">", "ASC")):
        statement = f"SELECT {column} FROM {table} WHERE {column} {condition} $1 ORDER BY {column} {order} LIMIT $2"  # noqa: S608  # words of ours only
        candidates += [row[0] for row in await world.storage.read(statement, (wanted, _NEIGHBOURS))]
    nearest = get_close_matches(wanted, candidates, n=1)
    hint = f"did you mean `{nearest[0]}`?" if nearest else ""
    reason = f"{kind.replace(' ', '_')}.unknown"
    return NotFound(f"there is no {kind} `{name[:80]}`", reason=reason, hint=hint)
