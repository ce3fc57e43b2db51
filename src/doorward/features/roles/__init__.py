"""Administration of roles and assignments: what a role gives, and who holds it where."""

from doorward.feature import Feature
from doorward.features.roles import assignments, routes

FEATURE = Feature("roles", operations=(*routes.OPERATIONS, *assignments.OPERATIONS))
