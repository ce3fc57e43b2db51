"""Administration of sessions: whose browsers are signed in, and ending that."""

from doorward.feature import Feature
from doorward.features.sessions.routes import OPERATIONS

FEATURE = Feature("sessions", operations=OPERATIONS)
