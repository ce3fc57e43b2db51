"""What a refused caller reads: the `WWW-Authenticate` challenge and the problem document. RFC 6750 §3, RFC 9457."""

from __future__ import annotations

import json
import re
from typing import Final

from doorward.guard.rules import Refusal

PROBLEM_TYPE: Final = "application/problem+json"

_TITLES: Final = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    429: "Too many attempts",
    503: "Unavailable",
}


def challenge(refusal: Refusal, realm: str, resource_metadata: str = "") -> str | None:
    """The value of `WWW-Authenticate`, or None where none is due.

    A 401 always has one (RFC 9110 §15.5.2), without `error` when nothing was sent. `resource_metadata` is the URL of
    RFC 9728 §5.1, given when there is such a document.
    """
    if refusal.status != 401 and not refusal.error:
        return None
    parts = {"realm": realm}
    if refusal.error:
        parts["error"] = refusal.error
        parts["error_description"] = f"{refusal.reason}: {refusal.description}"
    if refusal.scope:
        parts["scope"] = refusal.scope
    if resource_metadata and refusal.status == 401:
        parts["resource_metadata"] = resource_metadata
    return "Bearer " + ", ".join(f'{name}="{_quotable(value)}"' for name, value in parts.items())


def headers(refusal: Refusal, realm: str, resource_metadata: str = "") -> dict[str, str]:
    """The headers of a refusal. Never stored: the next caller may be another."""
    out = {"Cache-Control": "no-store"}
    if (value := challenge(refusal, realm, resource_metadata)) is not None:
        out["WWW-Authenticate"] = value  # rfc6750#3
    if refusal.retry_after is not None:
        out["Retry-After"] = str(refusal.retry_after)
    return out


def problem(refusal: Refusal, types: str = "") -> dict[str, object]:
    """The problem document. `types` is the URL before a code under which the server explains it, if it does."""
    body: dict[str, object] = {
        "type": f"{types}{refusal.code}" if types else "about:blank",
        "title": _TITLES.get(refusal.status, "Refused"),
        "status": refusal.status,
        "detail": refusal.description,
        "code": refusal.code,
        "reason": refusal.reason,
    }
    extra = {"permission": refusal.permission, "decision": refusal.decision, "hint": refusal.hint}
    return body | {name: value for name, value in extra.items() if value}


def body(refusal: Refusal, types: str = "") -> bytes:
    """The problem document as JSON."""
    return json.dumps(problem(refusal, types), ensure_ascii=False).encode()


def _quotable(value: str) -> str:
    """A value within quotes: RFC 6750 §3 allows %x20-21 / %x23-5B / %x5D-7E, and a line break would end the header."""
    return re.sub(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]", "'", value)  # rfc6750#3.8
