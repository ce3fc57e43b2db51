"""The first administrator: a page behind a one-time code, open until there is one and never again."""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features.setup import routes
from doorward.features.setup.records import SETUP_CODES

FEATURE = Feature(name="setup", routes=lambda house: routes.ROUTES, tables=(SETUP_CODES,))
