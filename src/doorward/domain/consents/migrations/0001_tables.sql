-- The first tables of doorward.domain.consents.

CREATE TABLE {consents} (
    "user" TEXT NOT NULL,
    "client" TEXT NOT NULL,
    "scope" JSON NOT NULL,
    "given" BIGINT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("user", "client")
);

CREATE INDEX {consents__client} ON {consents} ("client");
