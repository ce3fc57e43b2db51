"""A furnished installation and one good call of every administration operation, for tests that go over all of them.

`SAMPLES` must name every operation of the house: a new one without a sample fails the matrix. `{name}` in a value is
an id that `furnish` gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from doorward.app import Application
from doorward.core.access.relation import Relation
from doorward.core.audit import Caller
from doorward.core.errors import Forbidden
from doorward.core.outcome import Event, refuse
from doorward.domain.accounts import flow as accounts
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.clients import flow as clients
from doorward.domain.credentials.flow import enrol
from doorward.domain.groups import flow as groups
from doorward.domain.organizations import flow as organizations
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.domain.sessions import flow as sessions
from doorward.features.api_keys.flow import create_admin_key
from doorward.ports import World
from doorward.web.route import Operation

PASSWORD = "seven green umbrellas sing"
MODEL = """model
  schema 1.1
type user
type invoice
  relations
    define viewer: [user]
    define can_read: viewer
"""
RESOURCE = "https://invoices.example.com"


@dataclass(frozen=True)
class Sample:
    """One good call. `fields` are the request's, path and all; `reply` are parts of the answer."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    reply: Mapping[str, Any] = field(default_factory=dict)


SAMPLES: dict[str, Sample] = {
    "list_users": Sample({"text": "an", "limit": 10}),
    "create_user": Sample(
        {"username": "carol", "password": PASSWORD, "email": "carol@example.com"}, {"username": "carol"}
    ),
    "show_user": Sample({"user": "ann"}, {"username": "ann", "status": "active"}),
    "update_user": Sample({"user": "ann", "name": "Ann B."}, {"name": "Ann B."}),
    "set_password": Sample({"user": "ann", "password": "eight yellow lanterns hum"}),
    "disable_user": Sample({"user": "ann"}, {"status": "disabled"}),
    "enable_user": Sample({"user": "ann"}, {"status": "active"}),
    "delete_user": Sample({"user": "ann"}),
    "list_service_accounts": Sample({"text": "rob"}),
    "create_service_account": Sample({"name": "crawler"}, {"name": "crawler"}),
    "show_service_account": Sample({"service_account": "robot"}, {"name": "robot"}),
    "disable_service_account": Sample({"service_account": "robot"}, {"status": "disabled"}),
    "enable_service_account": Sample({"service_account": "robot"}, {"status": "active"}),
    "delete_service_account": Sample({"service_account": "robot"}),
    "list_clients": Sample(),
    "create_client": Sample(
        {
            "client_name": "Phone",
            "redirect_uris": ["https://phone.example.com/cb"],
            "grant_types": ["authorization_code"],
        },
        {"client_name": "Phone", "token_endpoint_auth_method": "client_secret_basic"},
    ),
    "show_client": Sample({"client_id": "books"}, {"client_id": "books"}),
    "update_client": Sample({"client_id": "books", "client_name": "Ledgers"}, {"client_name": "Ledgers"}),
    "rotate_client_secret": Sample({"client_id": "books"}, {"client_id": "books"}),
    "disable_client": Sample({"client_id": "books"}, {"status": "disabled"}),
    "enable_client": Sample({"client_id": "books"}, {"status": "active"}),
    "delete_client": Sample({"client_id": "books"}),
    "list_api_keys": Sample({"owner": "ann"}),
    "create_api_key": Sample({"owner": "ann", "name": "laptop", "lifetime": 3600}, {"name": "laptop"}),
    "show_api_key": Sample({"api_key": "{api_key}"}, {"name": "phone"}),
    "revoke_api_key": Sample({"api_key": "{api_key}"}),
    "list_organizations": Sample(),
    "create_organization": Sample({"organization": "initech", "name": "Initech"}, {"id": "initech"}),
    "show_organization": Sample({"organization": "acme"}, {"id": "acme"}),
    "update_organization": Sample({"organization": "acme", "name": "ACME"}, {"name": "ACME"}),
    "disable_organization": Sample({"organization": "acme"}, {"status": "disabled"}),
    "enable_organization": Sample({"organization": "acme"}, {"status": "active"}),
    "delete_organization": Sample({"organization": "acme"}),
    "list_organization_members": Sample({"organization": "acme"}),
    "add_organization_member": Sample({"organization": "acme", "member": "bob"}),
    "remove_organization_member": Sample({"organization": "acme", "member": "ann"}),
    "list_groups": Sample(),
    "create_group": Sample({"group": "night", "name": "Night shift"}, {"id": "night"}),
    "show_group": Sample({"group": "staff"}, {"id": "staff"}),
    "update_group": Sample({"group": "staff", "name": "All staff"}, {"name": "All staff"}),
    "delete_group": Sample({"group": "staff"}),
    "list_group_members": Sample({"group": "staff"}),
    "add_group_member": Sample({"group": "staff", "member": "bob"}),
    "remove_group_member": Sample({"group": "staff", "member": "ann"}),
    "list_resource_servers": Sample(),
    "declare_resource_server": Sample(
        {"identifier": "https://books.example.com", "name": "Books", "permissions": ["book:read"]}, {"name": "Books"}
    ),
    "delete_resource_server": Sample({"identifier": RESOURCE}),
    "list_roles": Sample(),
    "show_role": Sample({"role": "clerk"}, {"permissions": ["invoice:read"]}),
    "put_role": Sample(
        {"role": "owner", "permissions": ["invoice:*"]}, {"permissions": ["invoice:pay", "invoice:read"]}
    ),
    "delete_role": Sample({"role": "clerk"}),
    "list_assignments": Sample({"subject": "ann"}),
    "assign": Sample({"subject": "bob", "role": "clerk", "organization": "acme"}, {"place": "organization:acme"}),
    "unassign": Sample({"subject": "ann", "role": "clerk", "organization": "acme"}),
    "list_relations": Sample({"object": "invoice:7"}),
    "add_relation": Sample({"object": "invoice:8", "relation": "viewer", "subject": "ann"}, {"object": "invoice:8"}),
    "remove_relation": Sample({"object": "invoice:7", "relation": "viewer", "subject": "ann"}),
    "place_object": Sample({"object": "invoice:7", "organization": "acme"}),
    "unplace_object": Sample({"object": "invoice:7"}),
    "show_model": Sample({}, {"dsl": MODEL}),
    "list_models": Sample({"limit": 5}),
    "write_model": Sample({"dsl": MODEL.replace("viewer", "reader")}),
    "list_sessions": Sample({"user": "ann"}),
    "end_session": Sample({"session": "{session}"}),
    "end_sessions": Sample({"user": "ann"}),
    "check": Sample({"subject": "ann", "permission": "invoice:read", "organization": "acme"}, {"allowed": True}),
    "why": Sample({"decision": "{decision}"}, {"allowed": False, "reason": "role.missing"}),
    "list_audit_events": Sample({"action": "user.create"}),
    "verify_audit": Sample({}, {"whole": True}),
}


async def furnish(world: World) -> dict[str, str]:
    """Ann (clerk in acme, with a session, a key and a group), Bob, a robot, a client, a role, relations, a model.

    Gives ids and secrets by name: `admin` and `nobody` are API keys of an administrator and of Ann.
    """
    ann = await enrol(world, username="ann", password=PASSWORD)
    await accounts.create_user(world, username="bob")
    await accounts.create_service_account(world, "robot")
    await roles.declare(world, RESOURCE, "Invoices", ["invoice:read", "invoice:pay"])
    await roles.put_role(world, "clerk", ["invoice:read"])
    await organizations.create(world, "acme", "Acme")
    await organizations.create(world, "globex", "Globex")
    await relations.place(world, "invoice:7", "globex")
    await organizations.add_member(world, "acme", ann.subject)
    await roles.assign(world, ann.subject, "clerk", "organization:acme")
    await groups.create(world, "staff")
    await groups.add_member(world, "staff", ann.subject)
    await relations.write_model(world, MODEL)
    await relations.write(world, add=[Relation("invoice:7", "viewer", ann.subject)])
    _, client_secret = await clients.register(
        world, client_id="books", client_name="Books", redirect_uris=["https://books.example.com/cb"]
    )
    session, cookie = await sessions.start(world, ann, acr="urn:doorward:password", amr=("pwd",))
    key, nobody = await api_keys.create(world, owner=ann.subject, name="phone")
    _, admin = await create_admin_key(world, name="root")
    await _a_refusal(world)
    return {
        "admin": admin,
        "nobody": nobody,
        "ann": ann.id,
        "api_key": key.id,
        "session": session.id,
        "cookie": cookie,
        "client_secret": client_secret or "",
        "decision": "dec_recorded",
    }


async def _a_refusal(world: World) -> None:
    data = {"decision": "dec_recorded", "subject": "user:x", "permission": "dw_user:list", "trace": [], "revision": 1}
    error = Forbidden(reason="role.missing")
    try:
        await world.on_behalf_of(Caller("user:x")).commit(
            refuse(error, Event("call.refuse", "permission:dw_user:list", "refused", "role.missing", data))
        )
    except Forbidden:
        return


def fields_of(name: str, ids: Mapping[str, str]) -> dict[str, Any]:
    """The sample's fields with the ids of this installation."""
    return {
        field: ids[value.strip("{}")] if isinstance(value, str) and value.startswith("{") else value
        for field, value in SAMPLES[name].fields.items()
    }


@dataclass
class Calls:
    """Calls operations over HTTP with one credential, or none."""

    http: httpx.AsyncClient
    credential: str | None = None

    async def __call__(self, operation: Operation[Any, Any], fields: Mapping[str, Any]) -> httpx.Response:
        """Put the fields where they belong: into the path, the query or the body."""
        path, rest = operation.path, dict(fields)
        for name in list(rest):
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", str(rest.pop(name)))
        headers = {} if self.credential is None else {"authorization": f"Bearer {self.credential}"}
        if operation.method in ("POST", "PUT", "PATCH"):
            return await self.http.request(operation.method, path, json=rest, headers=headers)
        return await self.http.request(operation.method, path, params=rest, headers=headers)


def browser(application: Application) -> httpx.AsyncClient:
    """An HTTP client of this installation, without a network."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application.asgi), base_url=application.world.settings.public_url
    )


async def make_admin(world: World, username: str) -> None:
    """Give a user the administrator's role."""
    from doorward.domain.accounts.reads import user

    await roles.assign(world, (await user(world, username)).subject, ADMIN_ROLE)
