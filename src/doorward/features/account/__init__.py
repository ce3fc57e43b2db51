"""What a person sees and ends of their own: password, sessions, apps they allowed, API keys."""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features.account import keys, routes

FEATURE = Feature(name="account", routes=lambda house: (*routes.ROUTES, *keys.ROUTES))
