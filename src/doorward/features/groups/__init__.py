"""Administration of groups and their members."""

from doorward.feature import Feature
from doorward.features.groups.routes import OPERATIONS

FEATURE = Feature("groups", operations=OPERATIONS)
