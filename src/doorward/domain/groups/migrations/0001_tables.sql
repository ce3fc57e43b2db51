-- The first tables of doorward.domain.groups.

CREATE TABLE {groups} (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);
