-- The first tables of doorward.domain.credentials.

CREATE TABLE {passwords} (
    "user" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "changed" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("user")
);

CREATE TABLE {attempts} (
    "key" TEXT NOT NULL,
    "count" BIGINT NOT NULL,
    "blocked_until" BIGINT NOT NULL,
    "expires" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("key")
);

CREATE INDEX {attempts__expires} ON {attempts} ("expires");
