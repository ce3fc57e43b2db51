"""Every setting, its default and its meaning. Read from `DOORWARD_…` by `doorward.settings.load`; counted by a test.

Lengths are seconds. A default is the safe choice; weakening one is logged at start.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from doorward.core.instant import DAY, HOUR, MINUTE, Seconds


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation's settings. `public_url` has no trailing slash and may have a path (`https://x.example/auth`)."""

    public_url: str = ""  # where browsers and clients reach this server; the issuer
    data: str = ".doorward"  # directory of the SQLite file, the dev key and dev.json
    database_url: str = ""  # sqlite:///path or, later, postgresql://…; empty: doorward.db in `data`
    host: str = "127.0.0.1"  # address to listen on
    port: int = 8080  # port to listen on
    secret_key: str = field(default="", repr=False)  # 32 bytes, base64url: seals signing keys, signs form tokens
    access: str = ""  # path of access.toml, applied at start
    resource: str = ""  # the API this guard stands before, its audience
    name: str = "doorward"  # what pages call this place

    session_idle: Seconds = Seconds(2 * HOUR)  # a session unused for so long is over
    session_lifetime: Seconds = Seconds(30 * DAY)  # no session is older
    code_lifetime: Seconds = MINUTE  # authorization code
    access_token_lifetime: Seconds = Seconds(10 * MINUTE)  # of a JWT access token, RFC 9068
    id_token_lifetime: Seconds = Seconds(10 * MINUTE)  # of an id_token; clients check it once
    api_key_lifetime: Seconds = Seconds(90 * DAY)  # unless asked otherwise
    setup_code_lifetime: Seconds = Seconds(30 * MINUTE)  # the one-time code printed while there is no administrator

    password_min_length: int = 15  # NIST 800-63B-4 §3.1.1.2, when it is the only factor
    password_max_length: int = 256  # characters, so that hashing cannot be made to work for long
    attempts_per_account: int = 10  # wrong passwords in a row before the account waits
    attempts_per_address: int = 50  # wrong passwords from one address within `attempts_window`
    attempts_window: Seconds = Seconds(15 * MINUTE)  # over which wrong passwords are counted
    hasher_threads: int = 2  # argon2id at once, 19 MiB each

    freshness: Seconds = Seconds(0)  # how stale a decision may be: 0 asks the database each time, else at most 20 ms
    token_cache: int = 10_000  # verified tokens remembered
    change_retention: Seconds = DAY  # how long the change feed reaches back
    trusted_proxies: tuple[str, ...] = ()  # addresses, networks or `unix`, whose X-Forwarded-For is believed
    cors: bool = True  # answer cross-origin requests of registered origins
    log_level: str = "info"  # debug, info, warning or error
    dev: bool = False  # set by `doorward dev` alone: loopback, demo data, plain-http cookies
    assurance: str = "urn:doorward:password"  # acr of a password sign-in
    service_documentation: str = ""  # shown in discovery
    trust_email: bool = False  # created users' addresses count as verified
    busy_timeout: Seconds = Seconds(5)  # how long a write waits for another process's
    max_body: int = 1_048_576  # bytes of a request's body
    login_message: str = ""  # a line on the sign-in page
    templates: str = ""  # directory of page templates that replace ours of the same name


SETTING_LIMIT = 60
