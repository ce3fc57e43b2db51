"""What doorward offers: one folder for each standard, surface or capability, one line here for each folder.

No feature knows another; `doorward.feature.collect` joins them into a House.
"""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features import account, checks, clients, login, logout, pages, service_accounts, setup, users

FEATURES: tuple[Feature, ...] = (
    pages.FEATURE,
    setup.FEATURE,
    login.FEATURE,
    logout.FEATURE,
    account.FEATURE,
    users.FEATURE,
    service_accounts.FEATURE,
    clients.FEATURE,
    checks.FEATURE,
)
