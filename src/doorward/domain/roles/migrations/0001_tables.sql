-- The first tables of doorward.domain.roles.

CREATE TABLE {resource_servers} (
    "identifier" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "permissions" JSON NOT NULL,
    "managed" BOOLEAN NOT NULL,
    "created" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("identifier")
);

CREATE TABLE {roles} (
    "name" TEXT NOT NULL,
    "permissions" JSON NOT NULL,
    "description" TEXT NOT NULL,
    "managed" BOOLEAN NOT NULL,
    "created" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("name")
);
