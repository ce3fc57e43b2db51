-- The first tables of doorward.domain.signing_keys.

CREATE TABLE {signing_keys} (
    "kid" TEXT NOT NULL,
    "algorithm" TEXT NOT NULL,
    "public" JSON NOT NULL,
    "sealed" BYTES NOT NULL,
    "created" BIGINT NOT NULL,
    "retired" BIGINT,
    "signs" TEXT,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("kid")
);

CREATE UNIQUE INDEX {signing_keys__signs} ON {signing_keys} ("signs") WHERE "signs" IS NOT NULL;

CREATE INDEX {signing_keys__algorithm} ON {signing_keys} ("algorithm");
