"""What a username, an e-mail address and a display name may be, and how two spellings are told to be the same one.

A name is kept as it was typed beside a canonical key: width and case mapped, normalised, checked for characters that
look like nothing or like something else (RFC 8265 §3.3, `UsernameCaseMapped`). Uniqueness is on the key.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from doorward.core.errors import Invalid
from doorward.core.instant import Instant
from doorward.core.outcome import Event, Outcome, keep
from doorward.core.table import Add, swap
from doorward.domain.accounts.records import SERVICE_ACCOUNTS, USERS, ServiceAccount, User

USERNAME_LIMIT = 128
NAME_LIMIT = 200
EMAIL_LIMIT = 254
_ID_PREFIXES = ("usr_", "svc_")
_REFERENCE_MARKS = frozenset(":*#")
_LOOKALIKE_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
_WHY = {
    "empty": "is empty",
    "spaces": "may not contain spaces",
    "controls": "may not contain control characters",
    "precis_ignorable_properties": "may not contain invisible characters",
    "has_compat": "may not contain characters that are another spelling of plain ones",
    "bidi_rule": "mixes writing directions",
}


def username_key(username: str, field: str = "username") -> str:
    """The canonical spelling by which a username is compared. RFC 8265 §3.3.

    Invalid, naming `field`, when it is empty, too long, holds characters the profile disallows, mixes alphabets that
    look alike, holds a mark that references use (`:`, `*`, `#`), or looks like an id. Does NOT find a whole name
    written in another alphabet that looks like a Latin one.
    """
    if len(username) > USERNAME_LIMIT:
        raise _bad(field, f"is longer than {USERNAME_LIMIT} characters")
    key = _enforced("UsernameCaseMapped", username, field)  # rfc8265#3.3.4
    if _REFERENCE_MARKS & set(key):
        raise _bad(field, "may not contain `:`, `*` or `#`")
    if key.startswith(_ID_PREFIXES):
        raise _bad(field, "may not begin like an id (`usr_`, `svc_`)")
    if len(_lookalike_scripts(key)) > 1:
        raise _bad(field, "mixes alphabets whose letters look alike")
    return key


def service_account_key(name: str) -> str:
    """The canonical spelling of a service account's name: spaces allowed, runs of them one. RFC 8266 §2.

    Invalid as for a username.
    """
    if len(name) > USERNAME_LIMIT:
        raise _bad("name", f"is longer than {USERNAME_LIMIT} characters")
    key = _enforced("NicknameCaseMapped", name, "name")
    if _REFERENCE_MARKS & set(key):
        raise _bad("name", "may not contain `:`, `*` or `#`")
    if key.startswith(_ID_PREFIXES):
        raise _bad("name", "may not begin like an id (`usr_`, `svc_`)")
    return key


def email_address(text: str) -> tuple[str, str]:
    """An address as it is written to, and its key: local part case-mapped, domain in its ASCII form.

    Invalid when it is no address. Does NOT ask the DNS and does NOT prove that anyone reads mail there.
    """
    from email_validator import EmailNotValidError, validate_email

    if len(text) > EMAIL_LIMIT:
        raise _bad("email", f"is longer than {EMAIL_LIMIT} characters")
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise _bad("email", "is no e-mail address") from None
    local = _enforced("UsernameCaseMapped", found.local_part, "email")
    return found.normalized, f"{local}@{found.ascii_domain or found.domain}"


def display_name(text: str) -> str:
    """A name for people to read: NFC, trimmed. Invalid when it is too long or has control characters."""
    name = unicodedata.normalize("NFC", text).strip()
    if len(name) > NAME_LIMIT:
        raise _bad("name", f"is longer than {NAME_LIMIT} characters")
    if any(unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs"} for character in name):
        raise _bad("name", "may not contain control or invisible characters")
    return name


def user_record(id: str, username: str, name: str, email: str | None, now: Instant, *, trust_email: bool) -> User:
    """A user as they begin: active, never seen. Invalid, naming the field."""
    key = username_key(username)
    address, address_key = email_address(email) if email else (None, None)
    return User(
        id=id,
        username=username,
        username_key=key,
        name=display_name(name),
        email=address,
        email_key=address_key,
        email_verified=trust_email and address is not None,
        created=now,
    )


def new_user(user: User) -> Outcome[User]:
    """Keep a new user. That the names are free is told by the storage (`Exists`)."""
    return keep(user, Add(USERS, user), Event("user.create", user.subject, data={"username": user.username_key}))


def changed_user(user: User, *, name: str | None, email: str | None, trust_email: bool) -> Outcome[User]:
    """The user with another name or address; None leaves one, an empty address removes it.

    A new address is unverified unless addresses are trusted. Invalid, naming the field.
    """
    new = user
    if name is not None:
        new = replace(new, name=display_name(name))
    if email is not None:
        address, key = email_address(email) if email else (None, None)
        kept = key is not None and key == user.email_key
        verified = user.email_verified if kept else trust_email and address is not None
        new = replace(new, email=address, email_key=key, email_verified=verified)
    if new == user:
        return keep(user)
    change = swap(
        USERS, user, name=new.name, email=new.email, email_key=new.email_key, email_verified=new.email_verified
    )
    fields = [field for field in ("name", "email") if getattr(new, field) != getattr(user, field)]
    return keep(change.new, change, Event("user.update", user.subject, data={"fields": fields}))


def new_service_account(id: str, name: str, now: Instant) -> Outcome[ServiceAccount]:
    """A new, active service account. Invalid, naming the field."""
    key = service_account_key(name)
    account = ServiceAccount(id=id, name=display_name(name), name_key=key, created=now)
    return keep(account, Add(SERVICE_ACCOUNTS, account), Event("service_account.create", account.subject))


def _enforced(profile: str, text: str, field: str) -> str:
    from precis_i18n import get_profile

    try:
        key: str = get_profile(profile).enforce(text)
    except UnicodeEncodeError as refused:
        why = refused.reason.partition("/")[2]
        raise _bad(field, _WHY.get(why, "has a character that names may not have")) from None
    return key


def _lookalike_scripts(text: str) -> frozenset[str]:
    letters = (unicodedata.name(character, "").partition(" ")[0] for character in text if character.isalpha())
    return _LOOKALIKE_SCRIPTS & frozenset(letters)


def _bad(field: str, why: str) -> Invalid:
    return Invalid(f"`{field}` {why}", reason=f"{field}.invalid")
