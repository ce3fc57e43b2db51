-- The first tables of doorward.domain.organizations.

CREATE TABLE {organizations} (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE INDEX {organizations__status} ON {organizations} ("status");
