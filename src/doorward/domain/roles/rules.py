"""Permissions, roles and assignments: what they may be called, what a role holds, who may hand it out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import urlsplit

from doorward.core.access.relation import (
    EVERYWHERE,
    MEMBER,
    RESERVED,
    Name,
    Relation,
    assignment,
    parse_assignment,
    shown,
    split_object,
    split_subject,
)
from doorward.core.errors import Conflict, Invalid
from doorward.core.instant import Instant
from doorward.core.outcome import Change, Event, Outcome, Relate, Unrelate, keep, refuse
from doorward.core.table import Add, Delete, Expect, swap
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.relations.rules import escalation
from doorward.domain.roles.records import RESOURCE_SERVERS, ROLES, ResourceServer, Role

__all__ = ["assignment", "parse_assignment"]  # where the rest of the domain looks for them

WORD = re.compile(r"[a-z][a-z0-9_]{0,45}")
ROLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MANAGED_HINT = "change access.toml, and run `doorward apply`"


def split_permission(text: str) -> tuple[str, str]:
    """Type and verb of a permission. Invalid unless both are lower-case words of at most 46 characters."""
    kind, colon, verb = text.partition(":")
    if not colon or not WORD.fullmatch(kind) or not WORD.fullmatch(verb):
        hint = "a permission is `type:verb` in lower-case words, e.g. `invoice:read`"
        raise Invalid(f"`{shown(text)}` is not a permission", reason="permission.malformed", hint=hint)
    return kind, verb


def expand(patterns: Iterable[str], declared: Collection[str]) -> tuple[str, ...]:
    """The declared permissions that patterns name, sorted: `invoice:read`, or `invoice:*` for all of a type.

    Errors: Invalid `permission.unknown`, naming the nearest.
    """
    found: set[str] = set()
    for pattern in patterns:
        kind, _, verb = pattern.partition(":")
        matching = {p for p in declared if p.startswith(f"{kind}:")} if verb == "*" else {pattern} & set(declared)
        if not matching:
            raise Invalid(
                f"no API declares `{shown(pattern)}`", reason="permission.unknown", hint=_near(pattern, declared)
            )
        found |= matching
    return tuple(sorted(found))


def declaration(
    current: ResourceServer | None,
    others: Sequence[ResourceServer],
    own: Collection[str],
    *,
    identifier: str,
    name: str,
    permissions: Sequence[str],
    managed: bool,
    now: Instant,
) -> Outcome[ResourceServer]:
    """An API declares its permissions, all of them each time.

    Errors: Invalid for the identifier or a permission; Conflict when another API owns the type, or access.toml this
    one. `own` are doorward's own permissions, the only ones of reserved types.
    """
    resource_identifier(identifier)
    declared = checked_permissions(permissions, others, own)
    if current is None:
        server = ResourceServer(identifier, name or identifier, declared, managed, now)
        return keep(server, Add(RESOURCE_SERVERS, server), _declared(server))
    if current.managed and not managed:
        raise Conflict(f"`{identifier}` is managed by access.toml", reason="resource.managed", hint=MANAGED_HINT)
    if (current.name, current.permissions, current.managed) == (name or identifier, declared, managed):
        return keep(current)
    change = swap(RESOURCE_SERVERS, current, name=name or identifier, permissions=declared, managed=managed)
    return keep(change.new, change, _declared(change.new))


def _declared(server: ResourceServer) -> Event:
    return Event("resource_server.write", f"resource_server:{server.identifier}", data={"name": server.name})


def resource_identifier(identifier: str) -> None:
    """Refuse what can't be an audience: RFC 8707 §2 wants an absolute URI without fragment."""
    try:
        parts = urlsplit(identifier)
    except ValueError:
        parts = urlsplit("")
    fit = parts.scheme and (parts.netloc or parts.path) and "#" not in identifier and identifier.isascii()
    if not fit or not identifier.isprintable() or " " in identifier or len(identifier) > 500:
        hint = "an API is named by an absolute URI without `#`, e.g. `https://api.example.com`"
        raise Invalid(f"`{shown(identifier)}` can't name an API", reason="resource.malformed", hint=hint)


def checked_permissions(
    permissions: Iterable[str], others: Sequence[ResourceServer], own: Collection[str]
) -> tuple[str, ...]:
    """Well-formed permissions of types that no other API owns, sorted, each once. Invalid, Conflict."""
    taken = {permission.partition(":")[0]: other for other in others for permission in other.permissions}
    for permission in permissions:
        kind, _ = split_permission(permission)
        if kind.startswith(RESERVED) and permission not in own:
            hint = f"types that begin with `{RESERVED}` are doorward's own"
            raise Invalid(f"`{permission}` can't be declared", reason="permission.reserved", hint=hint)
        if kind in taken:
            owner = taken[kind].identifier
            raise Conflict(f"type `{kind}` belongs to `{owner}`", reason="type.taken", hint="choose another word")
    return tuple(sorted(set(permissions)))


def undeclared(server: ResourceServer) -> Outcome[None]:
    """An API goes, with its permissions. Conflict when access.toml names it."""
    if server.managed:
        raise Conflict(f"`{server.identifier}` is managed by access.toml", reason="resource.managed", hint=MANAGED_HINT)
    gone = Delete(RESOURCE_SERVERS, (server.identifier,), required=True)
    return keep(None, gone, Event("resource_server.delete", f"resource_server:{server.identifier}"))


def role_name(name: str) -> None:
    """Refuse what can't be a role's name, and doorward's own."""
    if not ROLE_NAME.fullmatch(name):
        hint = "1 to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit"
        raise Invalid(f"`{shown(name)}` can't be a role's name", reason="role.name", hint=hint)
    if name.startswith(RESERVED):
        hint = f"names that begin with `{RESERVED}` are doorward's own"
        raise Invalid(f"role `{name}` can't be changed", reason="role.reserved", hint=hint)


def role(
    current: Role | None,
    *,
    name: str,
    permissions: tuple[str, ...],
    description: str,
    managed: bool,
    now: Instant,
    held: frozenset[str] | None,
    leftovers: Sequence[Relation],
) -> Outcome[Role]:
    """A role with exactly these permissions, new or changed. `held` is what the caller holds everywhere: a role can be
    assigned anywhere, so that is what doorward's own permissions need that are added to it.

    Errors: Invalid for the name; Conflict `role.managed`; Forbidden `escalation`, kept as an event. `leftovers` are
    assignments of a role that had this name before: a new one is held by nobody.
    """
    role_name(name)
    added = frozenset(permissions) - frozenset(() if current is None else current.permissions)
    target = f"role:{name}"
    data = {"permissions": list(permissions)}
    if (error := escalation(held, added)) is not None:
        return refuse(error, Event("role.write", target, outcome="refused", reason=error.reason, data=data))
    if current is None:
        made = Role(name, permissions, description, managed, now)
        return keep(made, Add(ROLES, made), *map(Unrelate, leftovers), Event("role.create", target, data=data))
    if current.managed and not managed:
        raise Conflict(f"role `{name}` is managed by access.toml", reason="role.managed", hint=MANAGED_HINT)
    if (current.permissions, current.description, current.managed) == (permissions, description, managed):
        return keep(current)
    change = swap(ROLES, current, permissions=permissions, description=description, managed=managed)
    return keep(change.new, change, Event("role.update", target, data=data))


def role_deleted(current: Role, assignments: Sequence[Relation]) -> Outcome[None]:
    """The role goes, and everybody's assignment of it in the same batch. Conflict `role.managed`."""
    if current.managed:
        raise Conflict(f"role `{current.name}` is managed by access.toml", reason="role.managed", hint=MANAGED_HINT)
    event = Event("role.delete", f"role:{current.name}", data={"assignments": len(assignments)})
    return keep(None, Delete(ROLES, (current.name,), required=True), *map(Unrelate, assignments), event)


def split_place(place: str) -> Name:
    """Where a role is held: `*` (everywhere), `organization:ID` or an object. Invalid naming the three."""
    if place == EVERYWHERE:
        return Name("", EVERYWHERE)
    try:
        name = split_object(place)
    except Invalid:
        name = Name(RESERVED, "")
    if name.type.startswith(RESERVED):
        hint = "a place is `*`, `organization:ID` or an object such as `invoice:7`"
        raise Invalid(f"`{shown(place)}` is not a place", reason="place.malformed", hint=hint)
    return name


def assignee(subject: str) -> Name:
    """Who can hold a role: a user, a service account or a group (`group:ID#member`). Invalid naming the three."""
    name = split_subject(subject)
    member = MEMBER if name.type == "group" else ""
    if name.type not in ("user", "service_account", "group") or name.relation != member or name.id == "*":
        hint = "a role is held by `user:ID`, `service_account:ID` or `group:ID#member`"
        raise Invalid(f"`{shown(subject)}` can't hold a role", reason="subject.refused", hint=hint)
    return name


def assigned(
    *,
    role: str,
    record: Role | None,
    place: str,
    subject: str,
    organization: Organization | None,
    member: bool,
    permissions: frozenset[str],
    held: frozenset[str] | None,
    expires: Instant | None = None,
) -> Outcome[Relation]:
    """Give a role. In an organization a user or service account becomes a member with it.

    `record` is the role's, None for doorward's own role; `organization` the one that is the place. `permissions` are
    what the role gives, `held` what the caller holds there. Forbidden `escalation`, kept as an event.
    """
    target, data = subject, {"role": role, "place": place}
    if (error := escalation(held, permissions)) is not None:
        return refuse(error, Event("assignment.create", target, outcome="refused", reason=error.reason, data=data))
    row = Relation(assignment(role, place, subject).object, "assignee", subject, expires=expires)
    changes: list[Change] = [Relate(row)]
    if record is not None:
        changes.append(Expect(ROLES, record))
    if organization is not None:
        changes.append(Expect(ORGANIZATIONS, organization))
        if not member and not subject.startswith("group:"):
            changes.append(Relate(Relation(organization.object, MEMBER, subject)))
    return keep(row, *changes, Event("assignment.create", target, data=data))


def unassigned(role: str, place: str, subject: str) -> Outcome[None]:
    """Take a role away. The membership of an organization stays."""
    data = {"role": role, "place": place}
    gone = Unrelate(assignment(role, place, subject), required=True)
    return keep(None, gone, Event("assignment.delete", subject, data=data))


def _near(name: str, names: Collection[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else "declare it under [permissions] in access.toml"
