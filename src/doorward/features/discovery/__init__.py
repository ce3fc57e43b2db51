"""Discovery: what this server is and by which keys it signs. RFC 8414, OpenID Connect Discovery 1.0, RFC 7517."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.core.settings import Settings
from doorward.domain.tokens.flow import ID_ALGORITHM
from doorward.feature import Feature, House
from doorward.features.discovery.routes import JWKS, routes


def metadata(settings: Settings, house: House) -> Mapping[str, Any]:
    """What belongs to no endpoint of another feature. RFC 8414 §2, OpenID Connect Discovery §3."""
    said: dict[str, Any] = {
        "issuer": settings.public_url,  # rfc8414#2
        "jwks_uri": settings.public_url + JWKS,
        "id_token_signing_alg_values_supported": [ID_ALGORITHM],
        "claims_supported": ["sid"],
    }
    if settings.service_documentation:
        said["service_documentation"] = settings.service_documentation
    return said


FEATURE = Feature(name="discovery", routes=routes, metadata=metadata)
