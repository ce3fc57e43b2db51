"""The catalogue: what decisions need besides relation rows, in memory and current.

Roles, declared permissions and the model in force are held whole. Users, service accounts and organizations may be
many, so those asked for lately are remembered, and looked up by key when they are not: a point read of the follower's
own connection, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeVar

from doorward.core.access.dsl import parse
from doorward.core.access.model import Model, ModelError
from doorward.core.access.relation import DEFAULT_STORE, MEMBER
from doorward.core.errors import Unavailable
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.groups.records import GROUPS
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.relations.records import MODELS, ModelVersion
from doorward.domain.roles.records import ADMIN_ROLE, RESOURCE_SERVERS, ROLES, ResourceServer, Role
from doorward.ports import Changed, Feed

Kept = TypeVar("Kept")

REMEMBERED = 10_000
"""Users, service accounts and organizations remembered, each."""


class Catalogue:
    """Implements ports.Catalogue and ports.Follower. `own` are doorward's own permissions, joined from its features.

    Read it while the index holds still. Does NOT hold more of a person than the row that storage gave.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._own = frozenset(own)
        self._feed: Feed | None = None
        self._servers: dict[str, ResourceServer] = {}
        self._roles: dict[str, frozenset[str]] = {}
        self._version: ModelVersion | None = None
        self._model: Model | None = None
        self._declared: frozenset[str] = self._own
        self._offered: Mapping[str, tuple[str, ...]] = {}
        self._giving: dict[str, frozenset[str]] = {}
        self._users: dict[str, User | None] = {}
        self._service_accounts: dict[str, ServiceAccount | None] = {}
        self._organizations: dict[str, Organization | None] = {}

    def reset(self, feed: Feed) -> None:
        """See ports.Follower."""
        self._feed = feed
        self._servers = {server.identifier: server for server in feed.rows(RESOURCE_SERVERS)}
        self._roles = {role.name: frozenset(role.permissions) for role in feed.rows(ROLES)}
        self._read_model(feed)
        self._users, self._service_accounts, self._organizations = {}, {}, {}
        self._derive()

    def apply(self, change: Changed, feed: Feed) -> None:
        """See ports.Follower."""
        self._feed = feed
        if change.kind not in ("put", "delete"):
            return
        key = str(change.key[0]) if change.key else ""
        if change.table == USERS.name:
            self._users.pop(key, None)
        elif change.table == SERVICE_ACCOUNTS.name:
            self._service_accounts.pop(key, None)
        elif change.table == ORGANIZATIONS.name:
            self._organizations.pop(key, None)
        elif change.table == ROLES.name:
            self._apply_role(feed.row(ROLES, key), key)
        elif change.table == RESOURCE_SERVERS.name:
            self._apply_server(feed.row(RESOURCE_SERVERS, key), key)
        elif change.table == MODELS.name:
            self._read_model(feed)

    def declared(self) -> frozenset[str]:
        """See ports.Catalogue."""
        return self._declared

    def offered(self) -> Mapping[str, tuple[str, ...]]:
        """See ports.Catalogue."""
        return self._offered

    def permissions_of(self, role: str) -> frozenset[str]:
        """See ports.Catalogue."""
        return self._own if role == ADMIN_ROLE else self._roles.get(role, frozenset())

    def roles_giving(self, permission: str) -> frozenset[str]:
        """See ports.Catalogue."""
        return self._giving.get(permission, frozenset())

    def model(self) -> Model | None:
        """See ports.Catalogue."""
        return self._model

    def active(self, subject: str) -> bool:
        """See ports.Catalogue."""
        account = self._account(subject)
        return account is not None and account.status == "active"

    def known(self, subject: str) -> bool:
        """See ports.Catalogue."""
        kind, _, id = subject.partition(":")
        if kind == "organization":
            return self.organization(id) is not None
        if kind == "group":
            return self._following().row(GROUPS, id.removesuffix(f"#{MEMBER}")) is not None
        return self._account(subject) is not None

    def organization(self, id: str) -> Literal["active", "disabled"] | None:
        """See ports.Catalogue."""
        if id not in self._organizations:
            row = self._following().row(ORGANIZATIONS, id)
            _room(self._organizations)
            self._organizations[id] = row
        found = self._organizations[id]
        return None if found is None else found.status

    def name(self, subject: str) -> str:
        """See ports.Catalogue."""
        account = self._account(subject)
        if account is None:
            return subject
        return account.username if isinstance(account, User) else account.name

    def _account(self, subject: str) -> User | ServiceAccount | None:
        kind, _, id = subject.partition(":")
        if kind == "user":
            if id not in self._users:
                user = self._following().row(USERS, id)
                _room(self._users)
                self._users[id] = user
            return self._users[id]
        if kind == "service_account":
            if id not in self._service_accounts:
                service = self._following().row(SERVICE_ACCOUNTS, id)
                _room(self._service_accounts)
                self._service_accounts[id] = service
            return self._service_accounts[id]
        return None

    def _following(self) -> Feed:
        if self._feed is None:
            raise Unavailable("the catalogue follows nothing yet", reason="feed.failed")
        return self._feed

    def _apply_role(self, role: Role | None, name: str) -> None:
        if role is None:
            self._roles.pop(name, None)
        else:
            self._roles[name] = frozenset(role.permissions)
        self._derive()

    def _apply_server(self, server: ResourceServer | None, identifier: str) -> None:
        if server is None:
            self._servers.pop(identifier, None)
        else:
            self._servers[identifier] = server
        self._derive()

    def _read_model(self, feed: Feed) -> None:
        """The newest version; parsed once. One that can't be read gives no relation anything."""
        newest = max(feed.rows(MODELS, {"store": DEFAULT_STORE}), key=lambda version: version.id, default=None)
        if newest is not None and self._version is not None and newest.id == self._version.id:
            return
        self._version, self._model = newest, None
        if newest is not None:
            try:
                self._model = parse(newest.dsl)
            except ModelError:
                self._model = None

    def _derive(self) -> None:
        """Declared permissions, and which roles give each: only a declared permission is given."""
        self._offered = MappingProxyType({name: server.permissions for name, server in self._servers.items()})
        self._declared = self._own.union(*(server.permissions for server in self._servers.values()))
        giving: dict[str, set[str]] = {permission: {ADMIN_ROLE} for permission in self._own}
        for role, permissions in self._roles.items():
            for permission in permissions:
                giving.setdefault(permission, set()).add(role)
        self._giving = {permission: frozenset(roles) for permission, roles in giving.items()}


def _room(remembered: dict[str, Kept]) -> None:
    if len(remembered) >= REMEMBERED:
        del remembered[next(iter(remembered))]
