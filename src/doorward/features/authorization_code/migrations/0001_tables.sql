-- The first tables of doorward.features.authorization_code.

CREATE TABLE {authorization_codes} (
    "digest" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "redirect_uri" TEXT NOT NULL,
    "code_challenge" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "session" TEXT NOT NULL,
    "scope" JSON NOT NULL,
    "resource" TEXT NOT NULL,
    "auth_time" BIGINT NOT NULL,
    "acr" TEXT NOT NULL,
    "amr" JSON NOT NULL,
    "issued" BIGINT NOT NULL,
    "valid_until" BIGINT NOT NULL,
    "expires" BIGINT NOT NULL,
    "by_consent" BOOLEAN NOT NULL,
    "nonce" TEXT,
    "organization" TEXT,
    "used" BIGINT,
    "family" TEXT,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("digest")
);

CREATE INDEX {authorization_codes__user} ON {authorization_codes} ("user");

CREATE INDEX {authorization_codes__client} ON {authorization_codes} ("client");

CREATE INDEX {authorization_codes__expires} ON {authorization_codes} ("expires");
