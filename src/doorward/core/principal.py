"""Who is calling, and what their credential lets them ask for.

A Principal is the result of `authenticate` and the first argument of `decide`. It carries no roles and no permissions:
those are looked up when a decision is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from doorward.core.instant import Instant

CredentialKind = Literal["session", "token", "api_key", "operator"]
"""What was presented. `operator` is a command run on the server's own machine."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request.

    `subject` is `user:ID` or `service_account:ID`: whose rights count. `scopes` is what the credential carries, None
    meaning everything (a first-party session). `organization` is the active one, or None. `credential` names the
    session, token or key by its public id. `acr`, `amr` and `auth_time` say how and when a person was last proven.
    `expires` is when the credential ends: for a token also when the session does that it hangs on.
    """

    subject: str
    credential_kind: CredentialKind
    credential: str = ""
    name: str = ""
    client: str | None = None
    actor: str | None = None
    organization: str | None = None
    scopes: frozenset[str] | None = None
    audience: tuple[str, ...] = ()
    acr: str | None = None
    amr: tuple[str, ...] = ()
    auth_time: Instant | None = None
    expires: Instant | None = None

    @property
    def user(self) -> str | None:
        """The user's id, or None for a service account."""
        kind, _, id = self.subject.partition(":")
        return id if kind == "user" else None
