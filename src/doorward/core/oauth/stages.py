"""The stages of an authorization request, in their fixed order, and the steps that features add to them.

    Received ──▶ Trusted ──▶ Valid ──▶ signed in ──▶ Consented
        client, redirect_uri   what is asked   who sits there   what they allow

A step is one named check. It says which stage it guards, which standard asks for it, and at which endpoint it runs;
nothing else of it is known here, so deleting a step from a feature's list deletes exactly that check. `doorward
pipeline` prints `describe` of the live steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from doorward.core.errors import ConsentRequired, LoginRequired, Misconfigured
from doorward.core.oauth.request import (
    Consented,
    Redemption,
    Standing,
    Trusted,
    Valid,
    known_client,
    known_redirect_uri,
    max_age_of,
    prompt_of,
    resource_of,
    scope_of,
)


class Stage(IntEnum):
    """What a request has become when the steps of this stage hold. Errors before TRUSTED are pages."""

    TRUSTED = 1
    VALID = 2
    SIGNED_IN = 3
    CONSENTED = 4


class Need(Enum):
    """What must happen in the browser before the request can go on."""

    SIGN_IN = "sign_in"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Step:
    """One check of the pipeline, pure: it raises an OAuthError, or, once the request is Valid, says what it needs.

    `authorize` guards VALID, `interact` SIGNED_IN and CONSENTED, both at the authorization endpoint; `redeem` looks at
    a code presented at the token endpoint. The steps of TRUSTED are fixed: see TRUST.
    """

    name: str
    stage: Stage
    standard: str
    authorize: Callable[[Trusted], object] | None = None
    interact: Callable[[Valid, Standing], Need | None] | None = None
    redeem: Callable[[Redemption], None] | None = None

    def __post_init__(self) -> None:
        if self.authorize is not None and self.stage is not Stage.VALID:
            raise TypeError(f"step `{self.name}` looks at a Trusted request, so its stage is VALID")
        if self.interact is not None and self.stage not in {Stage.SIGNED_IN, Stage.CONSENTED}:
            raise TypeError(f"step `{self.name}` looks at a Valid request, so its stage is SIGNED_IN or CONSENTED")


TRUST: tuple[tuple[str, str, Callable[..., object]], ...] = (
    ("client_id", "RFC 6749 §4.1.2.1", known_client),
    ("redirect_uri", "RFC 9700 §2.1", known_redirect_uri),
)
"""The checks by which `trust` makes a Trusted request. They are no Steps: no feature can add to or take from them."""


def ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    """By stage; within one in the order they were added."""
    return tuple(sorted(steps, key=lambda step: step.stage))


def validate(steps: Sequence[Step], request: Trusted) -> Valid:
    """Trusted → Valid. Raises OAuthError, of the first step that does not hold."""
    checks = [step.authorize for step in ordered(steps) if step.authorize is not None]
    _some(checks)
    for check in checks:
        check(request)
    return Valid(
        trusted=request,
        scope=scope_of(request),
        resource=resource_of(request),
        code_challenge=request.parameters.get("code_challenge", ""),
        prompt=prompt_of(request),
        max_age=max_age_of(request),
        nonce=request.parameters.get("nonce"),
        login_hint=request.parameters.get("login_hint", ""),
    )


def settle(steps: Sequence[Step], request: Valid, standing: Standing) -> Consented | Need:
    """Valid → Consented, or what is still needed for it.

    Raises LoginRequired or ConsentRequired when something is and `prompt=none` forbids asking (OpenID Connect Core
    §3.1.2.6). Without a person there is nothing to consent to, whatever the steps say.
    """
    checks = [step.interact for step in ordered(steps) if step.interact is not None]
    _some(checks)
    for check in checks:
        need = check(request, standing)
        if need is not None:
            return _asked(request, need)
    if standing.person is None:
        return _asked(request, Need.SIGN_IN)
    return Consented(request, standing.person)


def _asked(request: Valid, need: Need) -> Need:
    if "none" in request.prompt:  # oidc-core#3.1.2.1-none
        if need is Need.SIGN_IN:
            raise LoginRequired("nobody is signed in, or not freshly enough", reason="prompt.none")
        raise ConsentRequired("the person has not allowed this yet", reason="prompt.none")
    return need


def redeemable(steps: Sequence[Step], redemption: Redemption) -> None:
    """Raises the OAuthError of the first step that a presented code fails."""
    checks = [step.redeem for step in ordered(steps) if step.redeem is not None]
    _some(checks)
    for check in checks:
        check(redemption)


def _some(checks: Sequence[object]) -> None:
    """INVARIANT: an empty set of things to verify is a failure, never a success."""
    if not checks:
        raise Misconfigured("no step of the authorization pipeline looks at this", reason="pipeline.empty")


def describe(steps: Iterable[Step]) -> str:
    """The pipeline as text: a line a step, in the order they run, and at which endpoint each does."""
    rows = [("stage", "step", "standard", "authorize", "token")]
    rows += [(Stage.TRUSTED.name, name, standard, "x", "") for name, standard, _ in TRUST]
    for step in ordered(steps):
        here = step.authorize is not None or step.interact is not None
        rows.append((step.stage.name, step.name, step.standard, "x" * here, "x" * (step.redeem is not None)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )
