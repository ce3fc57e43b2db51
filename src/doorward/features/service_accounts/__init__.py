"""Administration of service accounts: principals that are no person."""

from doorward.feature import Feature
from doorward.features.service_accounts.routes import OPERATIONS

FEATURE = Feature("service_accounts", operations=OPERATIONS)
