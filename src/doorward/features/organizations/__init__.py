"""Administration of organizations and their members."""

from doorward.feature import Feature
from doorward.features.organizations.routes import OPERATIONS

FEATURE = Feature("organizations", operations=OPERATIONS)
