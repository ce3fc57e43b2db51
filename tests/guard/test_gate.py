"""The guard from raw headers to a refusal: the order of its steps, and that each fails closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from doorward.core.decision import Allow, Decision, Deny
from doorward.core.errors import Invalid, InvalidToken, Unavailable
from doorward.core.instant import Instant
from doorward.core.principal import Principal
from doorward.guard import rules
from doorward.guard.bearer import RawHeaders
from doorward.guard.cache import Proven, TokenCache
from doorward.guard.gate import WEBSOCKET, Guard, Identifier
from doorward.guard.rules import Refused
from doorward.ports import Changed, Revision

pytestmark = pytest.mark.anyio
ANN = Principal("user:ann", "token", expires=Instant(2_000))
ANNS_SESSION = Principal("user:ann", "session")
BEARER: RawHeaders = [(b"authorization", b"Bearer good")]
COOKIE = (b"cookie", b"__Host-doorward=good")


@dataclass
class Stand:
    """What a guard is given, and what it asked."""

    asked: list[str] = field(default_factory=list)
    decision: Callable[[], Decision] = lambda: Allow("dec_1", "relation", ())
    time: int = 1_000
    down: bool = False

    def now(self) -> Instant:
        return Instant(self.time)

    def refresh(self) -> None:
        if self.down:
            raise Unavailable("the database does not answer")

    async def authenticate(self, credential: str) -> Proven:
        self.asked.append(credential)
        if credential != "good":
            raise InvalidToken("unknown", reason="credential.invalid")
        return Proven(ANN, frozenset({("users", ("ann",))}))

    async def authenticate_session(self, secret: str) -> Principal | None:
        self.asked.append(secret)
        return ANNS_SESSION if secret == "good" else None

    def decide(
        self, principal: Principal, permission: str, object: str | None = None, organization: str | None = None
    ) -> Decision:
        self.asked.append(f"{permission} {object} {organization}")
        return self.decision()


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def guard(stand: Stand) -> Guard:
    return Guard(
        stand.authenticate,
        stand.authenticate_session,
        stand.decide,
        stand.refresh,
        stand,
        TokenCache(10),
        audience="https://api.example",
        public_url="https://app.example/auth",
    )


async def refusal(guard: Guard, raw: RawHeaders, method: str = "GET") -> rules.Refusal:
    with pytest.raises(Refused) as refused:
        await guard.caller(raw, method=method, scheme="https")
    return refused.value.refusal


async def test_a_known_token_is_not_verified_again_until_it_expires(guard: Guard, stand: Stand) -> None:
    for _ in range(3):
        assert await guard.caller(BEARER, method="POST", scheme="https") == ANN
    assert stand.asked == ["good"]
    stand.time = 2_000
    await guard.caller(BEARER, method="POST", scheme="https")
    assert stand.asked == ["good", "good"]


async def test_a_change_heard_at_the_door_counts_at_once(guard: Guard, stand: Stand) -> None:
    await guard.caller(BEARER, method="GET", scheme="https")
    guard.cache.apply(Changed(Revision(1), "put", "users", ("ann",)), None)  # type: ignore[arg-type]  # reads nothing
    await guard.caller(BEARER, method="GET", scheme="https")
    assert stand.asked == ["good", "good"]


async def test_nothing_sent(guard: Guard, stand: Stand) -> None:
    assert await refusal(guard, []) == rules.MISSING
    assert stand.asked == []


async def test_a_bad_token_is_not_saved_by_a_good_cookie(guard: Guard, stand: Stand) -> None:
    told = await refusal(guard, [(b"authorization", b"Bearer bad"), COOKIE])
    assert (told.status, told.reason) == (401, "credential.invalid")
    assert stand.asked == ["bad"]


async def test_when_the_database_is_down_even_a_known_token_is_refused(guard: Guard, stand: Stand) -> None:
    await guard.caller(BEARER, method="GET", scheme="https")
    stand.down = True
    assert (await refusal(guard, BEARER)).status == 503


async def test_a_session_on_a_safe_method(guard: Guard) -> None:
    assert await guard.caller([COOKIE], method="GET", scheme="https") == ANNS_SESSION
    told = await refusal(guard, [(b"cookie", b"__Host-doorward=old")])
    assert (told.status, told.error) == (401, "")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post", "PURGE", WEBSOCKET])
async def test_a_session_elsewhere_must_come_from_a_page_of_ours(guard: Guard, stand: Stand, method: str) -> None:
    for extra in (
        [],
        [(b"origin", b"null")],
        [(b"origin", b"https://evil.test")],
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site")],
        [(b"origin", b"https://app.example"), (b"origin", b"https://evil.test")],
    ):
        assert await refusal(guard, [COOKIE, *extra], method) == rules.FOREIGN_ORIGIN
    assert stand.asked == []
    for extra in (
        [(b"origin", b"https://app.example")],
        [(b"sec-fetch-site", b"same-origin")],
        [(b"host", b"other.example"), (b"origin", b"https://other.example")],
    ):
        assert await guard.caller([COOKIE, *extra], method=method, scheme="https") == ANNS_SESSION


async def test_a_token_needs_no_origin(guard: Guard) -> None:
    assert await guard.caller([*BEARER, (b"origin", b"https://evil.test")], method="POST", scheme="https") == ANN


async def test_without_a_public_url_the_requests_own_origin_counts(stand: Stand) -> None:
    guard = Guard(stand.authenticate, stand.authenticate_session, stand.decide, stand.refresh, stand, TokenCache(1))
    cookie = (b"cookie", b"doorward=good")
    raw = [cookie, (b"host", b"localhost:8000"), (b"origin", b"http://localhost:8000")]
    assert await guard.caller(raw, method="POST", scheme="http") == ANNS_SESSION
    with pytest.raises(Refused):
        await guard.caller([cookie, (b"origin", b"http://")], method="POST", scheme="http")
    assert guard.realm == "doorward"


async def test_being_known_is_enough_where_no_permission_is_demanded(guard: Guard, stand: Stand) -> None:
    assert guard.admit(ANN, rules.require(None), id=None, org=None) is None
    assert stand.asked == []


async def test_the_question_is_put_with_object_and_organization(guard: Guard, stand: Stand) -> None:
    demanded = rules.require("invoice:read", id="i", org="o")
    decision = guard.admit(ANN, demanded, id=Identifier(7, "7"), org=Identifier("acme", "acme"))
    assert decision == Allow("dec_1", "relation", ())
    guard.admit(ANN, rules.require("invoice:list"), id=Identifier(7, "7"), org=None)
    assert stand.asked == ["invoice:read invoice:7 acme", "invoice:list None None"]


@pytest.mark.parametrize("id", [None, Identifier(7, "007"), Identifier(None, "")])
async def test_an_id_in_a_strange_spelling_is_not_asked_about(
    guard: Guard, stand: Stand, id: Identifier | None
) -> None:
    for demanded, ids in (
        (rules.require("invoice:read", id="i"), (id, None)),
        (rules.require("invoice:read", org="i"), (None, id)),
    ):
        with pytest.raises(Refused) as refused:
            guard.admit(ANN, demanded, id=ids[0], org=ids[1])
        assert refused.value.refusal is rules.NOT_FOUND
    assert stand.asked == []


async def test_a_deny_and_a_failure_are_refusals(guard: Guard, stand: Stand) -> None:
    def down() -> Decision:
        raise Unavailable("no answer")

    def malformed() -> Decision:
        raise Invalid("no object")

    for answer, status in ((lambda: Deny("dec_1", "role.missing", ()), 403), (down, 503), (malformed, 404)):
        stand.decision = answer
        with pytest.raises(Refused) as refused:
            guard.admit(ANN, rules.require("invoice:list"), id=None, org=None)
        assert refused.value.refusal.status == status
