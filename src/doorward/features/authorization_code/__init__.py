"""The authorization code grant: authorization endpoint, consent, codes and PKCE. RFC 6749 §4.1, RFC 7636, RFC 9700."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.core.settings import Settings
from doorward.feature import Feature, House
from doorward.features.authorization_code.flow import redeem
from doorward.features.authorization_code.records import AUTHORIZATION_CODES
from doorward.features.authorization_code.routes import PATH, routes
from doorward.features.authorization_code.steps import STEPS


def metadata(settings: Settings, house: House) -> Mapping[str, Any]:
    """RFC 8414 §2, RFC 9207 §3, OpenID Connect Discovery §3: what an authorization request may say here."""
    return {
        "authorization_endpoint": settings.public_url + PATH,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


FEATURE = Feature(
    name="authorization_code",
    routes=routes,
    grants={"authorization_code": redeem},
    steps=STEPS,
    metadata=metadata,
    tables=(AUTHORIZATION_CODES,),
)
