"""Administration of OAuth clients: register, change, new secret, disable, delete."""

from doorward.feature import Feature
from doorward.features.clients.routes import OPERATIONS

FEATURE = Feature("clients", operations=OPERATIONS)
