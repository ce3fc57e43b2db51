"""What a test says about an app's doors: who there is, what is where, and who must be let in or turned away."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from typing import Literal, Protocol, TypeVar

import pytest

from doorward.core.audit import Caller
from doorward.core.decision import Decision, Deny
from doorward.core.principal import Principal
from doorward.domain.accounts import flow as accounts
from doorward.domain.accounts.records import USERS, User
from doorward.domain.api_keys import flow as api_keys
from doorward.domain.lifecycle import flow as lifecycle
from doorward.domain.organizations import flow as organizations
from doorward.domain.organizations.records import ORGANIZATIONS
from doorward.domain.relations import flow as relations
from doorward.domain.roles import flow as roles
from doorward.domain.sessions import flow as sessions
from doorward.domain.tokens import flow as tokens
from doorward.fastapi.door import Doorward
from doorward.fastapi.opening import Object, Opened, object_of, place_of
from doorward.guard.rules import Refusal, Refused
from doorward.testing.clock import FakeClock
from doorward.testing.guarded import assert_all_guarded
from doorward.testing.personas import Persona

T = TypeVar("T")
Via = Literal["token", "api_key", "session"]

CLIENT = "doorward-test"
"""The client that tokens are issued to."""


class Run(Protocol):
    """Runs a flow to its end, on a loop of its own, from plain code."""

    def __call__(self, work: Awaitable[T]) -> T: ...


class Doors:
    """What a test says about an app's doors. `clock.advance(seconds)` lets time pass, for credentials too."""

    def __init__(self, door: Doorward, lent: Opened, clock: FakeClock, run: Run) -> None:
        self.door, self.clock = door, clock
        self._guard, self._run = lent.guard, run
        self.world = lent.world.on_behalf_of(Caller(actor="operator:pytest"))
        self._known: dict[str, str] = {}

    def user(
        self,
        name: str,
        *,
        role: str | None = None,
        org: str | None = None,
        on: Object | None = None,
        scope: Sequence[str] | None = None,
        via: Via | None = None,
    ) -> Persona:
        """A user, made if new, with this role in this organization (made if new), on this object, or everywhere.

        `via` is the credential: an access token (the default where the door has an audience), an API key, or a
        session of a browser. `scope` is what it carries; left out, every permission the app declares.
        """
        via = via or ("token" if self._guard.audience else "api_key")

        async def make() -> Persona:
            if name not in self._known:
                self._known[name] = (await accounts.create_user(self.world, username=name)).subject
            return await self._persona(name, role=role, org=org, on=on, scope=scope, via=via)

        return self._run(make())

    def service_account(
        self,
        name: str,
        *,
        role: str | None = None,
        org: str | None = None,
        on: Object | None = None,
        scope: Sequence[str] | None = None,
    ) -> Persona:
        """A service account with an API key, and this role."""

        async def make() -> Persona:
            if name not in self._known:
                self._known[name] = (await accounts.create_service_account(self.world, name)).subject
            return await self._persona(name, role=role, org=org, on=on, scope=scope, via="api_key")

        return self._run(make())

    def assign(self, who: Persona, role: str, *, org: str | None = None, on: Object | None = None) -> None:
        """Give a role, as `user` does."""
        self._run(self._give(who.subject, role, org, on))

    def unassign(self, who: Persona, role: str, *, org: str | None = None, on: Object | None = None) -> None:
        """Take a role away where it was given."""
        self._run(roles.unassign(self.world, who.subject, role, place_of(on, org)))

    def place(self, on: Object, *, org: str) -> None:
        """Put an object into its organization, which is made if new."""
        self._run(self._placed(on, org))

    def disable(self, who: Persona) -> None:
        """Disable the user; their credentials end."""
        self._run(lifecycle.disable_user(self.world, self._run(self._record(who.id))))

    def run(self, work: Awaitable[T]) -> T:
        """Run a flow to its end from plain code, on a loop of its own."""
        return self._run(work)

    def assert_allowed(
        self, who: Persona, permission: str, on: Object | None = None, *, org: str | None = None
    ) -> None:
        """Fail, with the trace, unless they may."""
        __tracebackhide__ = True
        answer, about = self._ask(who, permission, on, org), _about(who, permission, on, org)
        if isinstance(answer, Refusal) or not answer:
            raise AssertionError(_story(about, "should be allowed, but is denied", answer))

    def assert_denied(
        self,
        who: Persona,
        permission: str,
        on: Object | None = None,
        *,
        org: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Fail, with the trace, unless they may not, and for this reason where one is given."""
        __tracebackhide__ = True
        answer, about = self._ask(who, permission, on, org), _about(who, permission, on, org)
        if not isinstance(answer, Refusal) and answer:
            raise AssertionError(_story(about, "should be denied, but is allowed", answer))
        if reason is not None and answer.reason != reason:
            raise AssertionError(_story(about, f"should be denied for `{reason}`, but is", answer))

    def assert_all_guarded(self, app: object, public: Collection[str] = ()) -> None:
        """Fail unless every way into the app is guarded or named in `public`: see `testing.guarded`."""
        assert_all_guarded(app, public)

    def _ask(self, who: Persona, permission: str, on: Object | None, org: str | None) -> Decision | Refusal:
        try:
            return self.door.check(who.principal, permission, on, org=org)
        except Refused as refused:
            return refused.refusal

    async def _persona(
        self,
        name: str,
        *,
        role: str | None,
        org: str | None,
        on: Object | None,
        scope: Sequence[str] | None,
        via: Via,
    ) -> Persona:
        subject = self._known[name]
        await self._give(subject, role, org, on)
        secret = await self._credential(subject, scope, via)
        return Persona(name, subject, secret, self._prove, is_session=via == "session")

    async def _give(self, subject: str, role: str | None, org: str | None, on: Object | None) -> None:
        if org is not None:
            await self._organization(org)
            await organizations.add_member(self.world, org, subject)
        if on is not None and org is not None:
            await self._placed(on, org)
        if role is not None:
            await roles.assign(self.world, subject, role, place_of(on, org))

    async def _placed(self, on: Object, org: str) -> None:
        await self._organization(org)
        object = object_of(on)
        assert object is not None
        await relations.place(self.world, object, org)

    async def _organization(self, id: str) -> None:
        if await self.world.storage.get(ORGANIZATIONS, id) is None:
            await organizations.create(self.world, id, id)

    async def _credential(self, subject: str, scope: Sequence[str] | None, via: Via) -> str:
        world, id = self.world, subject.partition(":")[2]
        if via == "api_key":
            return (await api_keys.create(world, owner=subject, name="test", scope=scope))[1]
        if via == "session":
            user = await self._record(id)
            return (await sessions.start(world, user, acr=world.settings.assurance, amr=("pwd",)))[1]
        with world.relations.still():
            carried = sorted(world.catalogue.declared()) if scope is None else scope
        audience = self._guard.audience
        if not audience:
            pytest.fail("an access token needs an audience: Doorward(resource=…), or use via='api_key'", pytrace=False)
        return (await tokens.access_token(world, subject=id, client_id=CLIENT, scope=carried, audience=audience))[0]

    async def _record(self, id: str) -> User:
        user = await self.world.storage.get(USERS, id)
        assert user is not None, f"`{id}` is no user"
        return user

    def _prove(self, who: Persona) -> Principal:
        raw = [(name.lower().encode(), value.encode()) for name, value in who.headers.items()]
        return self._run(self._guard.caller(raw, method="GET", scheme="https"))


def _story(about: str, verdict: str, answer: Decision | Refusal) -> str:
    lines = [f"{about} {verdict} for `{answer.reason}`"]
    if isinstance(answer, Refusal):
        return "\n".join([*lines, f"  ✗ {answer.description}"])
    lines += [f"  {'✓' if step.holds else '✗'} {step.text}" for step in answer.trace]
    fix = answer.fix if isinstance(answer, Deny) else ""
    return "\n".join([*lines, *([f"  fix: {fix}"] if fix else [])])


def _about(who: Persona, permission: str, on: Object | None, org: str | None) -> str:
    return " ".join(part for part in (f"{who.name}:", permission, object_of(on), f"in {org}" if org else "") if part)
