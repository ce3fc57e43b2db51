"""The catalogue follows the database: roles, permissions, the model, and who is active."""

from __future__ import annotations

import pytest

from doorward.core.access.relation import DEFAULT_STORE
from doorward.core.errors import Unavailable
from doorward.core.outcome import keep
from doorward.core.table import Add, Delete
from doorward.domain.accounts import flow as accounts
from doorward.domain.decisions import catalogue as module
from doorward.domain.decisions.catalogue import Catalogue
from doorward.domain.groups import flow as groups
from doorward.domain.organizations import flow as organizations
from doorward.domain.relations import flow as relations
from doorward.domain.relations.records import MODELS, ModelVersion
from doorward.domain.roles import flow as roles
from doorward.domain.roles.records import ADMIN_ROLE, RESOURCE_SERVERS
from doorward.engine import RelationIndex
from doorward.ports import World

pytestmark = pytest.mark.anyio

OWN = ("dw_user:create", "dw_user:read")


@pytest.fixture
def catalogue(world: World) -> Catalogue:
    """A second catalogue beside the world's, with permissions that this test knows."""
    found = Catalogue(OWN)
    assert isinstance(world.relations, RelationIndex)
    world.relations.follow(found)
    return found


def test_before_it_follows_it_answers_nothing() -> None:
    with pytest.raises(Unavailable):
        Catalogue(OWN).active("user:ann")


async def test_roles_and_permissions(world: World, catalogue: Catalogue) -> None:
    world.relations.refresh()
    assert catalogue.declared() == set(OWN)
    assert catalogue.permissions_of(ADMIN_ROLE) == set(OWN)
    assert catalogue.roles_giving("dw_user:read") == {ADMIN_ROLE}
    await roles.declare(world, "urn:api", "api", ["invoice:read"])
    await roles.put_role(world, "clerk", ["invoice:read"])
    world.relations.refresh()
    assert catalogue.declared() == {*OWN, "invoice:read"}
    assert catalogue.permissions_of("clerk") == {"invoice:read"}
    assert catalogue.roles_giving("invoice:read") == {"clerk"}
    await roles.delete_role(world, "clerk")
    await world.commit(keep(None, Delete(RESOURCE_SERVERS, ("urn:api",))))
    world.relations.refresh()
    assert catalogue.declared() == set(OWN)
    assert catalogue.permissions_of("clerk") == frozenset()
    assert catalogue.roles_giving("invoice:read") == frozenset()


async def test_who_is_known_active_and_called_what(world: World, catalogue: Catalogue) -> None:
    ann = await accounts.create_user(world, username="Ann")
    bot = await accounts.create_service_account(world, "bot")
    await organizations.create(world, "acme")
    await groups.create(world, "staff")
    with world.relations.still():
        assert (catalogue.active(ann.subject), catalogue.name(ann.subject)) == (True, "Ann")
        assert (catalogue.active(bot.subject), catalogue.name(bot.subject)) == (True, "bot")
        assert (catalogue.active("user:x"), catalogue.name("user:x")) == (False, "user:x")
        assert catalogue.organization("acme") == "active"
        assert catalogue.organization("nowhere") is None
        assert catalogue.known(ann.subject)
        assert catalogue.known("organization:acme")
        assert catalogue.known("group:staff")
        assert catalogue.known("group:staff#member")
        assert not catalogue.known("group:staff2#member")
        assert not catalogue.known("invoice:1")
    await organizations.set_status(world, "acme", "disabled")
    with world.relations.still():
        assert catalogue.organization("acme") == "disabled"


async def test_one_that_is_made_after_it_was_asked_for_is_seen(world: World, catalogue: Catalogue) -> None:
    with world.relations.still():
        assert catalogue.organization("acme") is None
    await organizations.create(world, "acme")
    with world.relations.still():
        assert catalogue.organization("acme") == "active"


async def test_what_is_remembered_is_bounded(
    world: World, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 3)
    ann = await accounts.create_user(world, username="ann")
    with world.relations.still():
        for n in range(10):
            catalogue.active(f"user:{n}")
            catalogue.active(f"service_account:{n}")
            catalogue.organization(f"o{n}")
        assert catalogue.active(ann.subject)
    assert len(catalogue._users) == len(catalogue._service_accounts) == len(catalogue._organizations) == 3


async def test_the_newest_model_is_in_force(world: World, catalogue: Catalogue) -> None:
    world.relations.refresh()
    assert catalogue.model() is None
    await relations.write_model(world, "model\n  schema 1.1\ntype user\n")
    await relations.write_model(world, "model\n  schema 1.1\ntype user\ntype paper\n")
    world.relations.refresh()
    first = catalogue.model()
    assert first is not None
    assert "paper" in first.types
    await world.commit(keep(None, Add(MODELS, ModelVersion("mod_0", DEFAULT_STORE, "old", world.clock.now()))))
    await world.commit(keep(None, Add(MODELS, ModelVersion("mod_z", "other", "x", world.clock.now()))))
    world.relations.refresh()
    assert catalogue.model() is first


async def test_a_model_that_cannot_be_read_gives_nothing(world: World, catalogue: Catalogue) -> None:
    await relations.write_model(world, "model\n  schema 1.1\ntype user\n")
    await world.commit(keep(None, Add(MODELS, ModelVersion("mod_z", DEFAULT_STORE, "no model", world.clock.now()))))
    world.relations.refresh()
    assert catalogue.model() is None
