"""Revocation: a client says that it needs a token no more. RFC 7009."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorward.core.settings import Settings
from doorward.feature import Feature, House
from doorward.features.revocation.routes import PATH, routes


def metadata(settings: Settings, house: House) -> Mapping[str, Any]:
    """RFC 8414 §2. `none`: a public client revokes its own tokens too."""
    return {
        "revocation_endpoint": settings.public_url + PATH,
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    }


FEATURE = Feature(name="revocation", routes=routes, metadata=metadata)
