"""The people and places of the demo. Written once: what is there already is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from doorward.core.errors import NotFound
from doorward.core.secret import new_secret
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts import reads
from doorward.domain.credentials.flow import set_password
from doorward.domain.organizations import flow as organizations
from doorward.domain.organizations.records import ORGANIZATIONS
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow as roles
from doorward.domain.roles.access_file import read_access_file
from doorward.ports import World

ACCESS = Path(__file__).with_name("access.toml")

PEOPLE: Mapping[str, tuple[str, str, str]] = {
    "ann": ("Ann Clerk", "clerk", "acme"),
    "olga": ("Olga Owner", "owner", "acme"),
    "gus": ("Gus Owner", "owner", "globex"),
}
"""Username: name, role, organization."""

INVOICES: Mapping[int, str] = {1: "acme", 2: "globex", 3: "acme"}
"""Invoice: organization, as the demo API has them."""


async def seed(world: World) -> dict[str, str]:
    """Apply the demo's access.toml and make its organizations, people and invoices' places, where they are missing.

    Gives the passwords of the people made now, by username: random, kept nowhere.
    """
    await roles.apply(world, read_access_file(ACCESS))
    for id, name in (("acme", "Acme"), ("globex", "Globex")):
        if await world.storage.get(ORGANIZATIONS, id) is None:
            await organizations.create(world, id, name)
    made = {}
    for username, (name, role, organization) in PEOPLE.items():
        try:
            await reads.user(world, username)
        except NotFound:
            made[username] = await _person(world, username, name, role=role, organization=organization)
    for invoice, organization in INVOICES.items():
        await relations.place(world, f"invoice:{invoice}", organization)
    return made


async def _person(world: World, username: str, name: str, *, role: str, organization: str) -> str:
    password = new_secret("demo", world.entropy.bytes(32))[5:29]
    user = await accounts.create_user(world, username=username, name=name)
    await set_password(world, user, password)
    await organizations.add_member(world, organization, user.subject)
    await roles.assign(world, user.subject, role, f"organization:{organization}")
    return password
