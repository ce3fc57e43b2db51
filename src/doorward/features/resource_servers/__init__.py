"""Administration of resource servers: APIs and the permissions they declare."""

from doorward.feature import Feature
from doorward.features.resource_servers.routes import OPERATIONS

FEATURE = Feature("resource_servers", operations=OPERATIONS)
