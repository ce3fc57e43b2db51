"""What doorward offers: one folder for each standard, surface or capability, one line here for each folder.

No feature knows another; `doorward.feature.collect` joins them into a House.
"""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features import checks, clients, service_accounts, users

FEATURES: tuple[Feature, ...] = (
    users.FEATURE,
    service_accounts.FEATURE,
    clients.FEATURE,
    checks.FEATURE,
)
