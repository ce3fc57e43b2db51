"""What applying an access.toml changes: pure, so that a dry run tells exactly what a run does.

Only managed rows are changed or removed. The file's own API is the lock: every apply that changes anything counts its
version up, so of two at once one is run again and sees what the other did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from doorward.core.access.relation import Relation
from doorward.core.errors import Conflict, Invalid
from doorward.core.instant import Instant
from doorward.core.outcome import Change, Event, Outcome, Unrelate, keep
from doorward.core.secret import id_after
from doorward.core.table import Add, Delete, swap
from doorward.domain.relations.records import MODELS, ModelVersion
from doorward.domain.relations.rules import new_model
from doorward.domain.roles import rules
from doorward.domain.roles.access_file import AccessFile
from doorward.domain.roles.records import RESOURCE_SERVERS, ROLES, ResourceServer, Role

DEFAULT_RESOURCE = "urn:doorward:application"
"""The API that a file's permissions belong to when nothing names one."""


@dataclass(frozen=True, slots=True)
class State:
    """What is there before. `own` are doorward's permissions, `resource` the setting, `model_id` a fresh id."""

    servers: tuple[ResourceServer, ...]
    roles: tuple[Role, ...]
    model: ModelVersion | None
    own: frozenset[str]
    resource: str
    model_id: str
    now: Instant


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is added, changed or removed; `detail` says how, in words."""

    action: Literal["add", "change", "remove"]
    kind: Literal["permission", "role", "model", "resource server"]
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it. False when there is nothing to do."""

    items: tuple[Item, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items)

    def text(self) -> str:
        """A line an item: `+` added, `~` changed, `-` removed."""
        sign = {"add": "+", "change": "~", "remove": "-"}
        lines = [
            f"{sign[item.action]} {item.kind} {item.name}" + (f"  {item.detail}" if item.detail else "")
            for item in self.items
        ]
        return "\n".join(lines) or "nothing to change"


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and the batch that does it."""

    plan: Plan
    changes: tuple[Change, ...] = ()
    resource: str = ""


def removed_roles(file: AccessFile, state: State) -> list[Role]:
    """Managed roles that the file no longer names."""
    named = {entry.name for entry in file.roles}
    return [role for role in state.roles if role.managed and role.name not in named]


def emptied_roles(file: AccessFile, state: State) -> list[str]:
    """Roles that nobody may hold afterwards but by a new assignment: those removed, and those that begin."""
    present = {role.name for role in state.roles}
    begin = [entry.name for entry in file.roles if entry.name not in present]
    return [role.name for role in removed_roles(file, state)] + begin


def planned(file: AccessFile, state: State, assignments: Sequence[Relation]) -> Planned:
    """The plan of a file. `assignments` are those of the roles it empties.

    Errors: Invalid and Conflict with the file's line in front; ModelError.
    """
    resource = file.resource or state.resource or DEFAULT_RESOURCE
    items: list[Item] = []
    changes: list[Change] = []
    server, others = _server(file, state, resource)
    _plan_roles(file, state, others, items, changes)
    for role in removed_roles(file, state):
        holders = sum(rules.parse_assignment(row.object)[0] == role.name for row in assignments)
        items.append(Item("remove", "role", role.name, f"held by {holders}" if holders else ""))
        changes.append(Delete(ROLES, (role.name,), required=True))
    changes += map(Unrelate, assignments)
    _plan_model(file, state, items, changes)
    _plan_servers(server, state, resource, items, changes)
    if not items:
        return Planned(Plan(), (), resource)
    if not any(getattr(change, "table", None) is RESOURCE_SERVERS for change in changes):
        current = next(one for one in state.servers if one.identifier == resource)
        changes.append(swap(RESOURCE_SERVERS, current))  # INVARIANT: whoever applies anything takes the lock
    return Planned(Plan(tuple(items)), tuple(changes), resource)


def applied(found: Planned) -> Outcome[Plan]:
    """The whole plan as one batch; nothing when there is nothing to do."""
    if not found.plan:
        return keep(found.plan)
    data = {"changes": found.plan.text().splitlines()[:100]}
    return keep(found.plan, *found.changes, Event("access.apply", f"resource_server:{found.resource}", data=data))


def _server(file: AccessFile, state: State, resource: str) -> tuple[ResourceServer, list[ResourceServer]]:
    """The file's API as it shall be, and the others that stay."""
    current = next((one for one in state.servers if one.identifier == resource), None)
    if current is not None and not current.managed:
        hint = "name another `resource` in the file, or remove that API"
        file.fail(
            "resource", Conflict(f"`{resource}` was declared at run time", reason="resource.unmanaged", hint=hint)
        )
    others = [one for one in state.servers if one.identifier != resource and not one.managed]
    try:
        rules.resource_identifier(resource)
    except Invalid as error:
        file.fail("resource", error)
    for permission in file.permissions:
        try:
            rules.checked_permissions([permission], others, state.own)
        except (Invalid, Conflict) as error:
            file.fail(f"permissions.{permission.partition(':')[0]}", error)
    permissions = tuple(sorted(file.permissions))
    return ResourceServer(resource, file.name or resource, permissions, managed=True, created=state.now), others


def _plan_servers(
    server: ResourceServer, state: State, resource: str, items: list[Item], changes: list[Change]
) -> None:
    current = next((one for one in state.servers if one.identifier == resource), None)
    gone = [one for one in state.servers if one.managed and one.identifier != resource]
    before = {permission for one in state.servers if one.managed for permission in one.permissions}
    told = [Item("add", "permission", name) for name in server.permissions if name not in before]
    told += [Item("remove", "permission", name) for name in sorted(before - set(server.permissions))]
    told += [Item("remove", "resource server", one.identifier) for one in gone]
    changes += [Delete(RESOURCE_SERVERS, (one.identifier,), required=True) for one in gone]
    if current is None:
        if not (told or items):
            return
        told.append(Item("add", "resource server", resource))
        changes.append(Add(RESOURCE_SERVERS, server))
    elif (current.name, current.permissions) != (server.name, server.permissions):
        if current.name != server.name:
            told.append(Item("change", "resource server", resource, f"is called {server.name}"))
        changes.append(swap(RESOURCE_SERVERS, current, name=server.name, permissions=server.permissions))
    items[:0] = told


def _plan_roles(
    file: AccessFile, state: State, others: Sequence[ResourceServer], items: list[Item], changes: list[Change]
) -> None:
    declared = {*file.permissions, *state.own, *(p for one in others for p in one.permissions)}
    current = {role.name: role for role in state.roles}
    for entry in file.roles:
        where = f"roles.{entry.name}"
        try:
            permissions = rules.expand(entry.permissions, declared)
        except Invalid as error:
            file.fail(where, error)
        role = current.get(entry.name)
        if role is not None and not role.managed:
            hint = "name it otherwise in the file, or delete that role"
            problem = f"role `{entry.name}` was made at run time"
            file.fail(where, Conflict(problem, reason="role.unmanaged", hint=hint))
        if role is None:
            made = Role(entry.name, permissions, entry.description, managed=True, created=state.now)
            changes.append(Add(ROLES, made))
            items.append(Item("add", "role", entry.name, ", ".join(permissions)))
        elif (role.permissions, role.description) != (permissions, entry.description):
            changes.append(swap(ROLES, role, permissions=permissions, description=entry.description))
            items.append(Item("change", "role", entry.name, ", ".join(_differences(role.permissions, permissions))))


def _differences(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from (f"+{name}" for name in after if name not in before)
    yield from (f"-{name}" for name in before if name not in after)


def _plan_model(file: AccessFile, state: State, items: list[Item], changes: list[Change]) -> None:
    current = state.model
    if file.model is None:
        if current is not None and current.managed:
            free = replace(current, id=max(state.model_id, id_after(current.id)), created=state.now, managed=False)
            changes.append(Add(MODELS, free))
            items.append(Item("change", "model", free.id, "stays, and is no longer managed"))
        return
    if current is not None and not current.managed:
        hint = "remove `model` from the file, or the model: `doorward model write` it from there"
        file.fail("model", Conflict("the model in force was written at run time", reason="model.unmanaged", hint=hint))
    outcome = new_model(file.model, current, id=state.model_id, now=state.now, managed=True)
    if outcome.changes and outcome.reply is not None:
        items.append(Item("add" if current is None else "change", "model", outcome.reply.id))
        changes += [change for change in outcome.changes if not isinstance(change, Event)]
