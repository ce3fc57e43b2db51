"""What may be written: rows that the model in force lets, on objects that are not doorward's own."""

from __future__ import annotations

from collections.abc import Sequence

from doorward.core.access.dsl import parse
from doorward.core.access.model import Model
from doorward.core.access.relation import (
    DEFAULT_STORE,
    MEMBER,
    PLACE,
    RESERVED,
    Relation,
    shown,
    split_object,
    split_subject,
)
from doorward.core.access.walk import must_fit
from doorward.core.errors import Conflict, Forbidden, Invalid
from doorward.core.instant import Instant
from doorward.core.outcome import Event, Outcome, Relate, Unrelate, keep
from doorward.core.secret import id_after
from doorward.core.table import Add
from doorward.domain.relations.records import MODELS, ModelVersion

WRITE_LIMIT = 1000
"""Rows of one write, at most."""
TOLD = 50
"""Rows that an audit event names; more are counted."""


def written(model: Model | None, add: Sequence[Relation], remove: Sequence[Relation]) -> Outcome[None]:
    """One batch of rows. Errors: Invalid naming the row that can't be written, and what can.

    Rows to be removed need not fit the model: it may have changed since. Does NOT ask whether subjects exist.
    """
    if len(add) + len(remove) > WRITE_LIMIT:
        raise Invalid(f"more than {WRITE_LIMIT} relations in one write", reason="relation.too_many")
    for row in (*add, *remove):
        _grammar(row)
    for row in add:
        _fits(model, row)
    if both := {_key(row) for row in add} & {_key(row) for row in remove}:
        raise Invalid(f"`{' '.join(sorted(both)[0])}` is both added and removed", reason="relation.contradiction")
    if not add and not remove:
        return keep(None)
    changed = [f"+ {_told(row)}" for row in add] + [f"- {_told(row)}" for row in remove]
    data = {"added": len(add), "removed": len(remove), "relations": changed[:TOLD]}
    event = Event("relation.write", (*add, *remove)[0].object, data=data)
    return keep(None, *map(Unrelate, remove), *map(Relate, add), event)


def _key(row: Relation) -> tuple[str, str, str]:
    return (row.object, row.relation, row.subject)


def _told(row: Relation) -> str:
    return f"{row.object} {row.relation} {row.subject}"


def _grammar(row: Relation) -> None:
    kind = split_object(row.object).type
    split_subject(row.subject)
    if row.store != DEFAULT_STORE:
        raise Invalid("another store's relations are written by its own API", reason="relation.store")
    if row.condition:
        raise Invalid("conditions are not supported yet", reason="condition.unsupported", hint="leave `condition` out")
    if row.relation == PLACE:
        hint = "use `doorward relation place OBJECT --org ORGANIZATION`"
    elif kind == "dw_role":
        hint = "use `doorward assign WHO ROLE`"
    elif kind in ("group", "organization") and row.relation == MEMBER:
        hint = f"use `doorward {kind} add-member {row.object.partition(':')[2]} WHO`"
    elif kind.startswith(RESERVED) or row.relation.startswith(RESERVED):
        hint = f"names that begin with `{RESERVED}` are doorward's own"
    else:
        return
    raise Invalid(f"`{_shown(row)}` is not written as a relation", reason="relation.reserved", hint=hint)


def _shown(row: Relation) -> str:
    return shown(f"{row.object} {row.relation}")


def _fits(model: Model | None, row: Relation) -> None:
    if model is None:
        hint = "write a model first: `doorward model write model.fga`"
        raise Invalid("there is no model that says what relations mean", reason="model.missing", hint=hint)
    must_fit(model, row)


def placed(object: str, organization: str | None, current: Sequence[Relation]) -> Outcome[None]:
    """Put an object into its one organization, out of the one it is in; None takes it out of any.

    Errors: Invalid for an object of doorward's own. Does NOT ask whether the organization exists.
    """
    kind = split_object(object).type
    if kind.startswith(RESERVED) or kind == "organization":
        raise Invalid(f"`{shown(object)}` can't be put into an organization", reason="relation.reserved")
    wanted = None if organization is None else Relation(object, PLACE, f"organization:{organization}")
    leaving = [row for row in current if wanted is None or row.subject != wanted.subject]
    arriving = [] if wanted is None or len(leaving) < len(current) else [wanted]
    if not leaving and not arriving:
        return keep(None)
    data = {"organization": organization or "", "before": [row.subject.partition(":")[2] for row in leaving]}
    gone = [Unrelate(row, required=True) for row in leaving]
    return keep(None, *gone, *map(Relate, arriving), Event("object.place", object, data=data))


def new_model(dsl: str, current: ModelVersion | None, *, id: str, now: Instant, managed: bool) -> Outcome[ModelVersion]:
    """A new version of the application's model; the same text again makes none.

    Errors: ModelError with every mistake; Invalid for doorward's own names; Conflict when access.toml owns the model.
    """
    model = parse(dsl)
    for kind, definition in model.types.items():
        if own := [name for name in (kind, *definition.relations) if name.startswith(RESERVED)]:
            hint = f"names that begin with `{RESERVED}` are doorward's own"
            raise Invalid(f"`{own[0]}` can't be defined", reason="model.reserved", hint=hint)
    if current is not None:
        if current.dsl == dsl and current.managed == managed:
            return keep(current)
        if current.managed and not managed:
            hint = "change the file that access.toml names, and apply it"
            raise Conflict("the model is managed by access.toml", reason="model.managed", hint=hint)
        id = max(id, id_after(current.id))  # INVARIANT: the newest is in force, even if this clock is behind
    version = ModelVersion(id=id, store=DEFAULT_STORE, dsl=dsl, created=now, managed=managed)
    return keep(version, Add(MODELS, version), Event("model.write", f"model:{id}", data={"types": len(model.types)}))


def escalation(held: frozenset[str] | None, given: frozenset[str]) -> Forbidden | None:
    """Why these permissions can't be handed out by somebody who holds `held`, or None.

    Only doorward's own count: with one of them a person could take what they were not given. `held` None is the
    operator of the machine.
    """
    lacking = sorted(permission for permission in given if permission.startswith(RESERVED))
    lacking = [] if held is None else [permission for permission in lacking if permission not in held]
    if not lacking:
        return None
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return Forbidden(
        f"you don't hold `{lacking[0]}`{more} there yourself",
        reason="escalation",
        hint="ask somebody who holds it",
    )
