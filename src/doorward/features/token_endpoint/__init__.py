"""The token endpoint: authenticates the client and hands its request to the grant that it names. RFC 6749 §3.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.core.settings import Settings
from doorward.feature import Feature, House
from doorward.features.token_endpoint.routes import PATH, routes


def metadata(settings: Settings, house: House) -> Mapping[str, Any]:
    """RFC 8414 §2: where it is, which grants it has and how clients authenticate."""
    return {
        "token_endpoint": settings.public_url + PATH,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "grant_types_supported": sorted(house.grants),
    }


FEATURE = Feature(name="token_endpoint", routes=routes, metadata=metadata)
