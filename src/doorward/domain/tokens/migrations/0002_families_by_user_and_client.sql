-- What a person allowed one client ends in one statement.

DROP INDEX {families__user_id};

CREATE INDEX {families__user_client} ON {families} ("user", "client");
