"""Looking at the audit: what was done or refused, by whom, to what; and the jobs that complete and seal it."""

from doorward.core.instant import MINUTE
from doorward.domain.audit.flow import seal, tell_left_out
from doorward.feature import Feature, Job
from doorward.features.audit.routes import OPERATIONS

FEATURE = Feature("audit", operations=OPERATIONS, jobs=(Job("seal", 5, seal), Job("left_out", MINUTE, tell_left_out)))
