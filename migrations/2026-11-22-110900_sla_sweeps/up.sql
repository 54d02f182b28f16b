-- What concerns many episodes at once, such as another policy, is taken page by page.

CREATE TABLE sla_sweeps (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    seq bigint NOT NULL CHECK (seq > 0),
    after_id uuid NOT NULL,
    correction_id uuid NOT NULL,
    concerned integer NOT NULL CHECK (concerned >= 0),
    restated integer NOT NULL CHECK (restated >= 0),
    clocks integer NOT NULL CHECK (clocks >= 0)
);
COMMENT ON TABLE sla_sweeps IS 'How far an event was taken that concerns many episodes; the row is gone when all have it. Locked by sla_cursors. Written by flow::watch_sla.';
COMMENT ON COLUMN sla_sweeps.tenant_id IS 'Whose episodes.';
COMMENT ON COLUMN sla_sweeps.seq IS 'Which event: the next one after the cursor.';
COMMENT ON COLUMN sla_sweeps.after_id IS 'The last episode that has it; they are taken in the order of their ids.';
COMMENT ON COLUMN sla_sweeps.correction_id IS 'The event that tells of it at the end, if it corrects the past.';
COMMENT ON COLUMN sla_sweeps.concerned IS 'How many episodes counted by the hours that changed.';
COMMENT ON COLUMN sla_sweeps.restated IS 'How many of them have other numbers since.';
COMMENT ON COLUMN sla_sweeps.clocks IS 'How many clocks have.';
ALTER TABLE sla_sweeps ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_sweeps TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON sla_sweeps TO interdesk_app;

DROP INDEX sla_episodes_running;
CREATE INDEX sla_episodes_running ON sla_episodes (tenant_id, episode_id) WHERE resolved_at IS NULL;
COMMENT ON INDEX sla_episodes_running IS 'The episodes that a change of policies or schedules may concern, in the order in which it takes them.';
