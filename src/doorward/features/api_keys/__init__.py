"""Administration of API keys: make one for a user or service account, list, revoke; and a first administrator's."""

from doorward.feature import Feature
from doorward.features.api_keys.routes import OPERATIONS

FEATURE = Feature("api_keys", operations=OPERATIONS)
