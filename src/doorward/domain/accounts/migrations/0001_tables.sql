-- The first tables of doorward.domain.accounts.

CREATE TABLE {users} (
    "id" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "username_key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "email_key" TEXT,
    "email_verified" BOOLEAN NOT NULL,
    "status" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "last_seen" BIGINT,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX {users__username_key} ON {users} ("username_key");

CREATE UNIQUE INDEX {users__email_key} ON {users} ("email_key") WHERE "email_key" IS NOT NULL;

CREATE INDEX {users__status} ON {users} ("status");

CREATE TABLE {service_accounts} (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "name_key" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX {service_accounts__name_key} ON {service_accounts} ("name_key");

CREATE INDEX {service_accounts__status} ON {service_accounts} ("status");
