"""The pages that belong to no capability: the front page, what error codes mean, and a sign of life."""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features.pages import routes

FEATURE = Feature(name="pages", routes=lambda house: routes.ROUTES)
