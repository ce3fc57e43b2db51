-- The first tables of doorward.domain.clients.

CREATE TABLE {clients} (
    "client_id" TEXT NOT NULL,
    "client_name" TEXT NOT NULL,
    "redirect_uris" JSON NOT NULL,
    "grant_types" JSON NOT NULL,
    "token_endpoint_auth_method" TEXT NOT NULL,
    "secret_digest" TEXT,
    "scope" JSON NOT NULL,
    "resource" TEXT,
    "post_logout_redirect_uris" JSON NOT NULL,
    "service_account" TEXT,
    "first_party" BOOLEAN NOT NULL,
    "status" TEXT NOT NULL,
    "client_uri" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("client_id")
);

CREATE INDEX {clients__service_account} ON {clients} ("service_account");
