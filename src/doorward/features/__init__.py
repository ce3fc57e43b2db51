"""What doorward offers: one folder for each standard, surface or capability, one line here for each folder.

No feature knows another; `doorward.feature.collect` joins them into a House.
"""

from __future__ import annotations

from doorward.feature import Feature
from doorward.features import (
    account,
    api_keys,
    audit,
    authorization_code,
    checks,
    client_credentials,
    clients,
    discovery,
    groups,
    introspection,
    login,
    logout,
    openid,
    organizations,
    pages,
    relations,
    resource_servers,
    revocation,
    roles,
    service_accounts,
    sessions,
    setup,
    token_endpoint,
    upkeep,
    users,
)

FEATURES: tuple[Feature, ...] = (
    pages.FEATURE,
    setup.FEATURE,
    login.FEATURE,
    logout.FEATURE,
    account.FEATURE,
    authorization_code.FEATURE,
    openid.FEATURE,
    token_endpoint.FEATURE,
    client_credentials.FEATURE,
    introspection.FEATURE,
    revocation.FEATURE,
    discovery.FEATURE,
    users.FEATURE,
    service_accounts.FEATURE,
    clients.FEATURE,
    api_keys.FEATURE,
    organizations.FEATURE,
    groups.FEATURE,
    resource_servers.FEATURE,
    roles.FEATURE,
    relations.FEATURE,
    sessions.FEATURE,
    checks.FEATURE,
    audit.FEATURE,
    upkeep.FEATURE,
)
