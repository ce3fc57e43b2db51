"""What OpenID Connect adds to an authorization request: `prompt`, `max_age`, `id_token_hint`. OIDC Core §3.1.2.1."""

from __future__ import annotations

from doorward.core.errors import InvalidRequest, LoginRequired
from doorward.core.instant import after
from doorward.core.oauth.request import Standing, Trusted, Valid, max_age_of, prompt_of
from doorward.core.oauth.stages import Need, Stage, Step

PROMPTS = ("none", "login", "consent", "select_account")


def known_prompt(request: Trusted) -> None:
    """Only prompts that we know, and `none` alone."""
    asked = prompt_of(request)
    if unknown := sorted(asked - set(PROMPTS)):
        raise InvalidRequest(f"the prompt `{unknown[0][:64]}` is not offered", reason="prompt.unknown")
    if "none" in asked and len(asked) > 1:  # oidc-core#3.1.2.1-alone
        raise InvalidRequest("`none` is not alone in `prompt`", reason="prompt.none")


def reauthentication(request: Valid, standing: Standing) -> Need | None:
    """`login` and `select_account`: a sign-in after this request began, whatever the session says.

    Choosing an account is signing in anew: a browser holds one session.
    """
    if not request.prompt & {"login", "select_account"}:
        return None
    return None if _since_asked(standing) else Need.SIGN_IN  # oidc-core#3.1.2.1-login


def max_age(request: Valid, standing: Standing) -> Need | None:
    """A sign-in no longer than so many seconds ago. One that this request has just led to counts, with 0 too."""
    if request.max_age is None or standing.person is None or _since_asked(standing):
        return None
    too_old = after(standing.person.auth_time, request.max_age) < standing.now or request.max_age == 0
    return Need.SIGN_IN if too_old else None  # oidc-core#3.1.2.1-max-age


def same_person(request: Valid, standing: Standing) -> Need | None:
    """With an `id_token_hint`, the person whom it names and nobody else. OIDC Core §3.1.2.2.

    Whoever else is signed in is asked to sign in; who then still is another gets nothing for this client.
    """
    if standing.meant is None or standing.person is None:
        return None
    if standing.person.user == standing.meant:
        return None
    if _since_asked(standing):
        raise LoginRequired("not the person of `id_token_hint` signed in", reason="hint.person")
    return Need.SIGN_IN  # oidc-core#3.1.2.2-hint


def _since_asked(standing: Standing) -> bool:
    person, since = standing.person, standing.since
    return person is not None and since is not None and person.auth_time >= since


STEPS: tuple[Step, ...] = (
    Step("prompt", Stage.VALID, "OIDC Core §3.1.2.1", authorize=known_prompt),
    Step("max_age", Stage.VALID, "OIDC Core §3.1.2.1", authorize=max_age_of),
    Step("reauthentication", Stage.SIGNED_IN, "OIDC Core §3.1.2.1", interact=reauthentication),
    Step("freshness", Stage.SIGNED_IN, "OIDC Core §3.1.2.1", interact=max_age),
    Step("same_person", Stage.SIGNED_IN, "OIDC Core §3.1.2.2", interact=same_person),
)
