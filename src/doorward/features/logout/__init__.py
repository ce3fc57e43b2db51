"""Sign-out from this browser, and of what was allowed in its session."""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features.logout import routes

FEATURE = Feature(name="logout", routes=lambda house: routes.ROUTES)
