-- The first tables of doorward.domain.audit.

CREATE TABLE {audit_heads} (
    "id" TEXT NOT NULL,
    "count" BIGINT NOT NULL,
    "seal" TEXT NOT NULL,
    "sealed" BIGINT NOT NULL,
    "mac" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("id")
);
