"""Looking at the audit: what was done or refused, by whom, to what."""

from doorward.feature import Feature
from doorward.features.audit.routes import OPERATIONS

FEATURE = Feature("audit", operations=OPERATIONS)
