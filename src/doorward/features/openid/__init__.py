"""OpenID Connect on top of the authorization code grant: how fresh a sign-in is, and userinfo. OIDC Core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.core.oauth.scopes import OPENID_SCOPES
from doorward.core.settings import Settings
from doorward.feature import Feature, House
from doorward.features.openid.routes import PATH, routes
from doorward.features.openid.rules import CLAIMS
from doorward.features.openid.steps import PROMPTS, STEPS


def metadata(settings: Settings, house: House) -> Mapping[str, Any]:
    """OpenID Connect Discovery §3: the endpoint, and what may be asked of it."""
    return {
        "userinfo_endpoint": settings.public_url + PATH,
        "scopes_supported": list(OPENID_SCOPES),
        "claims_supported": [*CLAIMS, "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash"],
        "claims_parameter_supported": False,
        "subject_types_supported": ["public"],
        "prompt_values_supported": list(PROMPTS),
        "acr_values_supported": [settings.assurance],
    }


FEATURE = Feature(name="openid", routes=routes, steps=STEPS, metadata=metadata)
