"""Looking at the audit: what was done or refused, by whom, to what; and the job that seals it."""

from doorward.domain.audit.flow import seal
from doorward.feature import Feature, Job
from doorward.features.audit.routes import OPERATIONS

FEATURE = Feature("audit", operations=OPERATIONS, jobs=(Job("seal", 5, seal),))
