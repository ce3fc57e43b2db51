"""Administration of relations and of the model that says what they mean."""

from doorward.feature import Feature
from doorward.features.relations import models, routes

FEATURE = Feature("relations", operations=(*routes.OPERATIONS, *models.OPERATIONS))
