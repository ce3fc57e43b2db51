"""An OAuth client as registered. Field names are RFC 7591 §2's where it has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from doorward.core.instant import Instant

AuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]


@dataclass(frozen=True, slots=True)
class Client:
    """One client. Public exactly when `token_endpoint_auth_method` is `none`.

    `scope` is what it may ask for (empty: every declared permission, and `openid profile email`). `first_party`
    skips consent. `service_account` is the id of the principal it is under client_credentials, or None.
    `resource` is its default audience, or None for the installation's only resource server.
    """

    client_id: str
    client_name: str
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code",)
    token_endpoint_auth_method: AuthMethod = "client_secret_basic"
    secret_digest: str | None = None
    scope: tuple[str, ...] = ()
    resource: str | None = None
    post_logout_redirect_uris: tuple[str, ...] = ()
    service_account: str | None = None
    first_party: bool = False
    status: Literal["active", "disabled"] = "active"
    client_uri: str = ""
    created: Instant = Instant(0)
    version: int = 1

    @property
    def public(self) -> bool:
        """Whether the client cannot keep a secret. RFC 6749 §2.1."""
        return self.token_endpoint_auth_method == "none"
