"""Administration of people: create, look up, change, set a password, disable, delete."""

from doorward.feature import Feature
from doorward.features.users.routes import OPERATIONS

FEATURE = Feature("users", operations=OPERATIONS)
