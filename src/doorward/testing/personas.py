"""Somebody to send requests as: a user or service account with a real credential, made by the real flows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from doorward.core.principal import Principal
from doorward.guard.bearer import SECURE_COOKIE


@dataclass(frozen=True)
class Persona:
    """Pass it as `auth=` to Starlette's TestClient, httpx or httpx2, or its `headers` to anything else.

    `principal` proves the credential anew each time it is asked for, and raises when it no longer holds. A session
    sends what a browser sends from a page of the app's own origin.
    """

    name: str
    subject: str
    secret: str = field(repr=False)
    prove: Callable[[Persona], Principal] = field(repr=False)
    is_session: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """The headers that carry the credential."""
        if self.is_session:
            return {"Cookie": f"{SECURE_COOKIE}={self.secret}", "Sec-Fetch-Site": "same-origin"}
        return {"Authorization": f"Bearer {self.secret}"}

    @property
    def principal(self) -> Principal:
        """The caller that a guard sees now. Raises Refused."""
        return self.prove(self)

    @property
    def id(self) -> str:
        """The id without its kind: `usr_…`."""
        return self.subject.partition(":")[2]

    def __call__(self, request: Any) -> Any:
        """Add the credential to a client's request."""
        request.headers.update(self.headers)
        return request
