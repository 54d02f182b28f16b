DROP INDEX raw_webhooks_asking;
DROP TABLE reaction_events;
