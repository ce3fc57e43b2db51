-- The first tables of doorward.domain.relations.

CREATE TABLE {models} (
    "id" TEXT NOT NULL,
    "store" TEXT NOT NULL,
    "dsl" TEXT NOT NULL,
    "created" BIGINT NOT NULL,
    "managed" BOOLEAN NOT NULL,
    PRIMARY KEY ("store", "id")
);
