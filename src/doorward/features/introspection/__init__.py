"""Introspection: a resource server asks whether a token is alive and what it says. RFC 7662, RFC 9470 §6.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.core.settings import Settings
from doorward.feature import Feature, House
from doorward.features.introspection.routes import PATH, routes


def metadata(settings: Settings, house: House) -> Mapping[str, Any]:
    """RFC 8414 §2. Not `none`: a client that proves nothing is told nothing."""
    return {
        "introspection_endpoint": settings.public_url + PATH,
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }


FEATURE = Feature(name="introspection", routes=routes, metadata=metadata)
