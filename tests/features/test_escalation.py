"""Every operation by which a person could become more than they were made, tried by somebody who may call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from doorward.app import assemble, house
from doorward.domain.accounts.flow import create_user
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.clients import flow as clients
from doorward.domain.groups import flow as groups
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE
from doorward.ports import World
from tests.administration import Calls, browser

pytestmark = pytest.mark.anyio

OPERATIONS = {operation.name: operation for operation in house().operations}

TRIES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("set_password", {"user": "root", "password": "nine purple anchors drift"}),
    ("update_user", {"user": "root", "email": "mine@example.com"}),
    ("create_api_key", {"admin": True}),
    ("create_api_key", {"owner": "root", "name": "x"}),
    ("create_api_key", {"owner": "service_account:machine", "name": "x"}),
    ("rotate_client_secret", {"client_id": "machine"}),
    ("assign", {"subject": "mallory", "role": ADMIN_ROLE}),
    ("assign", {"subject": "mallory", "role": "strong"}),
    ("assign", {"subject": "group:friends", "role": "strong"}),
    ("add_group_member", {"group": "admins", "member": "mallory"}),
    ("add_group_member", {"group": "admins", "member": "group:friends"}),
    ("put_role", {"role": "mine", "permissions": ["dw_user:delete"]}),
    ("put_role", {"role": "weak", "permissions": ["dw_user:*"]}),
    ("put_role", {"role": ADMIN_ROLE, "permissions": ["dw_user:list"]}),
    ("add_relation", {"object": "group:admins", "relation": "member", "subject": "mallory"}),
    ("add_relation", {"object": f"dw_role:{ADMIN_ROLE}/*", "relation": "assignee", "subject": "mallory"}),
    ("declare_resource_server", {"identifier": "https://x.example", "permissions": ["dw_user:delete"]}),
)


@pytest.mark.parametrize(("name", "fields"), TRIES)
async def test_may_call_it_but_does_not_become_more(world: World, name: str, fields: Mapping[str, Any]) -> None:
    application = await assemble(world)
    mallory, root = await create_user(world, username="mallory"), await create_user(world, username="root")
    machine, _ = await clients.register(
        world, client_id="machine", client_name="M", grant_types=["client_credentials"], redirect_uris=[]
    )
    for id in ("admins", "friends"):
        await groups.create(world, id)
    await groups.add_member(world, "friends", mallory.subject)
    await roles.put_role(world, "strong", ["dw_user:delete"])
    await roles.put_role(world, "weak", [str(OPERATIONS[name].permission)])
    await roles.assign(world, mallory.subject, "weak")
    for subject in (root.subject, "group:admins#member", f"service_account:{machine.service_account}"):
        await roles.assign(world, subject, ADMIN_ROLE)
    _, secret = await api_keys.create(world, owner=mallory.subject, name="mallory")
    async with browser(application) as http:
        call = Calls(http, secret)
        answer = await call(OPERATIONS[name], fields)
        assert answer.status_code in (400, 403, 409), answer.text
        assert (await call(OPERATIONS["delete_user"], {"user": "root"})).status_code == 403
