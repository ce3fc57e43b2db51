-- The first tables of doorward.domain.sessions.

CREATE TABLE {sessions} (
    "id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "last_seen" BIGINT NOT NULL,
    "expires" BIGINT NOT NULL,
    "ends" BIGINT NOT NULL,
    "auth_time" BIGINT NOT NULL,
    "acr" TEXT NOT NULL,
    "amr" JSON NOT NULL,
    "organization" TEXT,
    "address" TEXT NOT NULL,
    "agent" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX {sessions__digest} ON {sessions} ("digest");

CREATE INDEX {sessions__user_id} ON {sessions} ("user", "id");

CREATE INDEX {sessions__expires} ON {sessions} ("expires");
