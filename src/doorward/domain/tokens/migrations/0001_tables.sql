-- The first tables of doorward.domain.tokens.

CREATE TABLE {families} (
    "id" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "scope" JSON NOT NULL,
    "audience" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "expires" BIGINT NOT NULL,
    "session" TEXT,
    "organization" TEXT,
    "code" TEXT,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX {families__code} ON {families} ("code") WHERE "code" IS NOT NULL;

CREATE INDEX {families__user_id} ON {families} ("user", "id");

CREATE INDEX {families__client_id} ON {families} ("client", "id");

CREATE INDEX {families__session_id} ON {families} ("session", "id");

CREATE INDEX {families__expires} ON {families} ("expires");

CREATE TABLE {revoked_tokens} (
    "jti" TEXT NOT NULL,
    "expires" BIGINT NOT NULL,
    PRIMARY KEY ("jti")
);

CREATE INDEX {revoked_tokens__expires} ON {revoked_tokens} ("expires");
