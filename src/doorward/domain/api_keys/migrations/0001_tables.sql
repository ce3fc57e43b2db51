-- The first tables of doorward.domain.api_keys.

CREATE TABLE {api_keys} (
    "id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "expires" BIGINT,
    "scope" JSON,
    "organization" TEXT,
    "hint" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX {api_keys__digest} ON {api_keys} ("digest");

CREATE INDEX {api_keys__owner_id} ON {api_keys} ("owner", "id");

CREATE INDEX {api_keys__expires} ON {api_keys} ("expires") WHERE "expires" IS NOT NULL;
