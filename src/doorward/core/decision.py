"""The answer to "may they?": Allow or Deny, with an id, a reason from a closed catalogue, and the trace that led to it.

A Decision is true exactly when it allows. Verifying raises elsewhere; asking returns one of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

AllowReason = Literal["role.everywhere", "role.organization", "role.object", "relation", "operator"]

DENY_REASONS: dict[str, str] = {
    # reason: what it means, in the order in which the first that applies is given
    "credential.missing": "no credential was sent",
    "credential.invalid": "the credential is malformed, unknown or not meant for this API",
    "credential.revoked": "the credential was revoked, or its session ended",
    "token.expired": "the credential's lifetime has ended",
    "user.inactive": "the user or service account is disabled or gone",
    "permission.unknown": "no resource server declares this permission",
    "scope.missing": "the credential does not carry this permission",
    "organization.unknown": "there is no such organization",
    "organization.inactive": "the organization is disabled",
    "organization.mismatch": "the object does not belong to the organization that was named",
    "organization.other": "another organization is active in this session or token",
    "role.elsewhere": "a role that gives it is held, but not in this place",
    "relation.missing": "no relation to the object gives it",
    "role.missing": "no role that gives it is held",
    "limit.exceeded": "the question was too expensive to answer",
}

DenyReason = Literal[
    "credential.missing",
    "credential.invalid",
    "credential.revoked",
    "token.expired",
    "user.inactive",
    "permission.unknown",
    "scope.missing",
    "organization.unknown",
    "organization.inactive",
    "organization.mismatch",
    "organization.other",
    "role.elsewhere",
    "relation.missing",
    "role.missing",
    "limit.exceeded",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a trace: whether it held, what kind of thing was looked at, and the sentence for a person."""

    holds: bool
    kind: Literal["subject", "credential", "organization", "role", "relation", "object", "permission"]
    text: str


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes, and why. `revision` is the state of the relations that was decided on."""

    id: str
    reason: AllowReason
    trace: tuple[Step, ...]
    revision: int = 0
    allowed: Literal[True] = True

    def __bool__(self) -> Literal[True]:
        return True


@dataclass(frozen=True, slots=True)
class Deny:
    """No, and why. `fix` is the smallest change that would allow it, as a command, or empty."""

    id: str
    reason: DenyReason
    trace: tuple[Step, ...]
    fix: str = ""
    revision: int = 0
    allowed: Literal[False] = False

    def __bool__(self) -> Literal[False]:
        return False


Decision: TypeAlias = Allow | Deny
