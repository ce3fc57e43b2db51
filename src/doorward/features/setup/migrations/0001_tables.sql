-- The first tables of doorward.features.setup.

CREATE TABLE {setup_codes} (
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "expires" BIGINT NOT NULL,
    "attempts" BIGINT NOT NULL,
    "blocked_until" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("name")
);

CREATE INDEX {setup_codes__expires} ON {setup_codes} ("expires");
