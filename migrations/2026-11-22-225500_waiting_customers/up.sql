ALTER TABLE sla_episodes ADD COLUMN asked boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN sla_episodes.asked IS 'Whether the customer waits for an answer: a further message of theirs changes no clock then.';

-- Nobody looks for a position without its moment. An index that could serve that was taken by mistake
-- for a partition that PostgreSQL had not counted yet, and read from end to end for each event.
DROP INDEX outbox_complete;
CREATE INDEX outbox_complete ON outbox (xid);
COMMENT ON INDEX outbox_complete IS 'What the transactions wrote that ended since the relay looked.';

-- What follows the log writes many rows of one tenant at once, and each would lock the tenant's row. The
-- policies of row-level security let nobody write a tenant but the one that was proven to exist.
ALTER TABLE sla_conversations DROP CONSTRAINT sla_conversations_tenant_id_fkey;
ALTER TABLE sla_episodes DROP CONSTRAINT sla_episodes_tenant_id_fkey;
ALTER TABLE sla_moments DROP CONSTRAINT sla_moments_tenant_id_fkey;
ALTER TABLE sla_clocks DROP CONSTRAINT sla_clocks_tenant_id_fkey;
ALTER TABLE search_words DROP CONSTRAINT search_words_tenant_id_fkey;
ALTER TABLE search_names DROP CONSTRAINT search_names_tenant_id_fkey;
