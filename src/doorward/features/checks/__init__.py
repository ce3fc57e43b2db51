"""Asking doorward to decide (`/api/v1/check`), and what was recorded of a decision (`/api/v1/why/{decision}`)."""

from doorward.feature import Feature
from doorward.features.checks.routes import OPERATIONS

FEATURE = Feature("checks", operations=OPERATIONS)
