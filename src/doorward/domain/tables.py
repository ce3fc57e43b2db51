"""Every table of the domain, for adapters to create. Features bring their own through the `tables` seam."""

from __future__ import annotations

from typing import Any

from doorward.core.access.relation import RELATIONS
from doorward.core.audit import AUDIT_EVENTS
from doorward.core.table import Table
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS
from doorward.domain.api_keys.records import API_KEYS
from doorward.domain.audit.records import AUDIT_HEADS
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.records import CONSENTS
from doorward.domain.credentials.records import ATTEMPTS, PASSWORDS
from doorward.domain.groups.records import GROUPS
from doorward.domain.organizations.records import ORGANIZATIONS
from doorward.domain.relations.records import MODELS
from doorward.domain.roles.records import RESOURCE_SERVERS, ROLES
from doorward.domain.sessions.records import SESSIONS
from doorward.domain.signing_keys.records import SIGNING_KEYS
from doorward.domain.tokens.records import FAMILIES, REVOKED_TOKENS

DOMAIN_TABLES: tuple[Table[Any], ...] = (
    RELATIONS,
    AUDIT_EVENTS,
    AUDIT_HEADS,
    USERS,
    SERVICE_ACCOUNTS,
    PASSWORDS,
    ATTEMPTS,
    SESSIONS,
    CLIENTS,
    CONSENTS,
    SIGNING_KEYS,
    FAMILIES,
    REVOKED_TOKENS,
    API_KEYS,
    RESOURCE_SERVERS,
    ROLES,
    MODELS,
    ORGANIZATIONS,
    GROUPS,
)
