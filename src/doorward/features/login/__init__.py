"""Sign-in with a password, and proving it once more."""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features.login import routes

FEATURE = Feature(name="login", routes=lambda house: routes.ROUTES)
