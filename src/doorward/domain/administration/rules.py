"""The rule against escalation, pure: what is missing of what would be handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from doorward.core.access.relation import RESERVED
from doorward.core.errors import Forbidden


def own(permissions: Iterable[str]) -> list[str]:
    """Doorward's own permissions among these. Those of other APIs are what administrators are there to hand out."""
    return sorted(permission for permission in permissions if permission.startswith(RESERVED))


def refusal(permissions: Iterable[str], holds: Callable[[str], bool], what: str) -> Forbidden | None:
    """Why the caller may not `what` (a phrase), or None: they hold every one of doorward's own permissions in it."""
    missing = next((permission for permission in own(permissions) if not holds(permission)), None)
    if missing is None:
        return None
    return Forbidden(
        f"to {what} would hand out `{missing}`, which you do not hold",
        reason="permission.not_held",
        hint="ask somebody who holds it",
    )
