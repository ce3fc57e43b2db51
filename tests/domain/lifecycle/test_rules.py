"""What each end takes along, without a database."""

from __future__ import annotations

from dataclasses import replace

from doorward.core.access.relation import Relation
from doorward.core.instant import Instant
from doorward.core.oauth.client import Client
from doorward.core.outcome import Outcome, Unrelate
from doorward.core.table import Delete, DeleteWhere, Expect, Put, Swap
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User
from doorward.domain.api_keys.records import API_KEYS
from doorward.domain.clients.records import CLIENTS
from doorward.domain.consents.records import CONSENTS
from doorward.domain.credentials.records import PASSWORDS
from doorward.domain.lifecycle import rules
from doorward.domain.organizations.records import ORGANIZATIONS, Organization
from doorward.domain.sessions.records import SESSIONS, Session
from doorward.domain.sessions.rules import renewed
from doorward.domain.tokens.records import FAMILIES, Family

NOW = Instant(0)
ANN = User("usr_1", "ann", "ann")
CI = ServiceAccount("svc_1", "ci", "ci")
WEB = Client("web", "Web", service_account="svc_1")
ACME = Organization("acme", "Acme")
SESSION = Session("ses_1", "d", "usr_1", NOW, NOW, NOW, NOW, NOW, "a", ())
OURS = Family("fam_1", "usr_1", "web", (), "a", NOW, NOW, session="ses_1")
OTHERS = replace(OURS, id="fam_2", session="ses_2")
ROW = Relation("group:staff", "member", "user:usr_1")


def ended(outcome: Outcome[object]) -> list[tuple[str, dict[str, object]]]:
    return [(c.table.name, dict(c.where)) for c in outcome.changes if isinstance(c, DeleteWhere)]


def test_what_is_so_already_changes_nothing() -> None:
    off = replace(ANN, status="disabled"), replace(CI, status="disabled"), replace(WEB, status="disabled")
    assert rules.disable_user(off[0]).changes == rules.enable_user(ANN).changes == ()
    assert rules.disable_service_account(off[1]).changes == rules.enable_service_account(CI).changes == ()
    assert rules.disable_client(off[2]).changes == rules.enable_client(WEB).changes == ()
    assert rules.set_organization_status(ACME, active=True).changes == ()


def test_a_disabled_user_is_signed_out() -> None:
    outcome = rules.disable_user(ANN)
    assert isinstance(outcome.changes[0], Swap)
    assert outcome.reply == replace(ANN, status="disabled", version=2)
    assert ended(outcome) == [(SESSIONS.name, {"user": "usr_1"}), (FAMILIES.name, {"user": "usr_1"})]
    enabled = rules.enable_user(replace(ANN, status="disabled")).reply
    assert enabled is not None
    assert enabled.status == "active"


def test_a_deleted_user_leaves_nothing_behind() -> None:
    outcome = rules.delete_user(ANN, [ROW])
    assert outcome.changes[:3] == (
        Expect(USERS, ANN),
        Delete(USERS, ("usr_1",), required=True),
        Delete(PASSWORDS, ("usr_1",)),
    )
    assert [name for name, _ in ended(outcome)] == [t.name for t in (SESSIONS, FAMILIES, API_KEYS, CONSENTS)]
    assert Unrelate(ROW) in outcome.changes


def test_a_new_password_keeps_one_session_and_its_tokens() -> None:
    again = renewed(SESSION, "another")
    changes = rules.password_replaced(ANN, SESSION, [OURS, OTHERS], again)
    assert isinstance(changes[0], Swap)
    assert changes[1:3] == (Expect(SESSIONS, SESSION), Expect(FAMILIES, OURS))
    assert changes[-2:] == (Put(SESSIONS, again), Put(FAMILIES, OURS))
    assert len(changes) == 7


def test_a_new_password_may_keep_nothing() -> None:
    changes = rules.password_replaced(ANN, None, [OURS])
    assert len(changes) == 3
    assert not any(isinstance(change, Put) for change in changes)


def test_signing_out() -> None:
    assert ended(rules.sign_out(SESSION)) == [(FAMILIES.name, {"session": "ses_1"})]
    assert len(ended(rules.sign_out_everywhere(ANN))) == 2


def test_service_accounts() -> None:
    assert rules.disable_service_account(CI).reply == replace(CI, status="disabled", version=2)
    enabled = rules.enable_service_account(replace(CI, status="disabled")).reply
    assert enabled is not None
    assert enabled.status == "active"
    gone = rules.delete_service_account(CI, [ROW])
    assert ended(gone) == [(API_KEYS.name, {"owner": "service_account:svc_1"})]
    assert Unrelate(ROW) in gone.changes


def test_clients() -> None:
    assert ended(rules.disable_client(WEB)) == [(FAMILIES.name, {"client": "web"})]
    enabled = rules.enable_client(replace(WEB, status="disabled")).reply
    assert enabled is not None
    assert enabled.status == "active"
    plain = rules.delete_client(WEB, None, [])
    assert [name for name, _ in ended(plain)] == [FAMILIES.name, CONSENTS.name]
    assert Delete(CLIENTS, ("web",), required=True) in plain.changes
    whole = rules.delete_client(WEB, CI, [ROW])
    assert Delete(SERVICE_ACCOUNTS, ("svc_1",), required=True) in whole.changes
    assert Unrelate(ROW) in whole.changes


def test_organizations() -> None:
    closed = rules.set_organization_status(ACME, active=False).reply
    assert closed is not None
    assert closed.status == "disabled"
    opened = rules.set_organization_status(closed, active=True).reply
    assert opened is not None
    assert opened.status == "active"
    gone = rules.delete_organization(ACME, [ROW])
    assert gone.changes[:2] == (Expect(ORGANIZATIONS, ACME), Delete(ORGANIZATIONS, ("acme",), required=True))
    assert Unrelate(ROW) in gone.changes
