"""What is in the demo: two organizations, a clerk and an owner, and three invoices with their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from doorward.core.errors import NotFound
from doorward.domain.accounts import reads
from doorward.domain.accounts.records import User
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.api_keys.reads import of_owner
from doorward.domain.credentials.flow import enrol, set_password
from doorward.domain.organizations import flow as organizations
from doorward.domain.organizations.records import ORGANIZATIONS
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow as roles
from doorward.domain.roles.access_file import read_access_file
from doorward.ports import World

KEY_NAME = "doorward dev"
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the demo."""

    username: str
    name: str
    role: str
    organization: str


PEOPLE = (Person("ann", "Ann Clerk", "clerk", "acme"), Person("bob", "Bob Owner", "owner", "globex"))
INVOICES = {"invoice:1": "acme", "invoice:2": "globex", "invoice:3": "acme"}


async def furnish(world: World, passwords: Mapping[str, str]) -> dict[str, str]:
    """Make what is missing, and leave alone what is there: the demo is for changing. The people's passwords.

    `passwords` are those of an earlier start. A person who lost theirs (the file was deleted) gets a new one.
    """
    access = Path(str(resources.files("doorward.demo") / "access.toml"))
    await roles.apply(world, read_access_file(access))
    known = dict(passwords)
    if await world.storage.get(ORGANIZATIONS, INVOICES["invoice:1"]) is None:
        for id in dict.fromkeys(INVOICES.values()):
            await organizations.create(world, id, id.title())
        for invoice, id in INVOICES.items():
            await relations.place(world, invoice, id)
    for person in PEOPLE:
        await _person(world, person, known)
    return {person.username: known[person.username] for person in PEOPLE}


async def _person(world: World, person: Person, passwords: dict[str, str]) -> None:
    fresh = person.username not in passwords
    password = passwords.setdefault(person.username, passphrase(world.entropy.bytes(15)))
    try:
        user = await reads.user(world, person.username)
    except NotFound:
        user = await enrol(world, username=person.username, password=password, name=person.name)
        await organizations.add_member(world, person.organization, user.subject)
        await roles.assign(world, user.subject, person.role, f"organization:{person.organization}")
    else:
        if fresh:
            await set_password(world, user, password)


def passphrase(random: bytes) -> str:
    """Three groups of six letters and digits, 89 bits of the 15 random bytes: `k7q2mx-p9xd3t-7w4hnc`."""
    number, text = int.from_bytes(random, "big"), ""
    for _ in range(18):
        number, rest = divmod(number, len(_LETTERS))
        text += _LETTERS[rest]
    return "-".join((text[:6], text[6:12], text[12:]))


async def demo_key(world: World, username: str = PEOPLE[0].username) -> str:
    """A fresh API key of this person, shown at this start; those of earlier starts end."""
    user: User = await reads.user(world, username)
    for key in await of_owner(world, user.subject):
        if key.name == KEY_NAME:
            await api_keys.revoke(world, key.id)
    _, secret = await api_keys.create(world, owner=user.subject, name=KEY_NAME)
    return secret
