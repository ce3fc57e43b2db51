-- The first tables of doorward.adapters.

CREATE TABLE {relations} (
    "object" TEXT NOT NULL,
    "relation" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "store" TEXT NOT NULL,
    "condition" TEXT NOT NULL,
    "context" JSON NOT NULL,
    "expires" BIGINT,
    "revision" BIGINT NOT NULL,
    "timeline" TEXT NOT NULL,
    PRIMARY KEY ("store", "object", "relation", "subject")
);

CREATE UNIQUE INDEX {relations__store_object_when_relation} ON {relations} ("store", "object") WHERE "relation" = 'dw_organization';

CREATE INDEX {relations__store_subject_relation} ON {relations} ("store", "subject", "relation");

CREATE INDEX {relations__expires} ON {relations} ("expires") WHERE "expires" IS NOT NULL;

CREATE TABLE {audit_events} (
    "id" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "credential" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "agent" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "decision" TEXT NOT NULL,
    "data" JSON NOT NULL,
    "seal" TEXT NOT NULL,
    PRIMARY KEY ("id")
);

CREATE INDEX {audit_events__actor_id} ON {audit_events} ("actor", "id");

CREATE INDEX {audit_events__target_id} ON {audit_events} ("target", "id");

CREATE INDEX {audit_events__action_id} ON {audit_events} ("action", "id");

CREATE INDEX {audit_events__decision} ON {audit_events} ("decision");

CREATE INDEX {audit_events__seal_id} ON {audit_events} ("seal", "id");
