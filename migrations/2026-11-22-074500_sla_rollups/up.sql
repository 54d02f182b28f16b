-- What reports of service levels add up, and what corrections changed in them.

ALTER TABLE tenants ADD COLUMN zone text NOT NULL DEFAULT 'UTC';
COMMENT ON COLUMN tenants.zone IS 'The IANA zone by which the days of its reports begin.';

CREATE TABLE sla_rollups (
    tenant_id uuid NOT NULL REFERENCES tenants,
    clock text NOT NULL CHECK (clock IN ('first_reply', 'next_reply', 'periodic_update', 'pausable_update', 'requester_wait', 'agent_work', 'total_resolution', 'queue_wait', 'time_to_accept')),
    day date NOT NULL,
    queue_id uuid,
    team_id uuid,
    policy_id uuid,
    policy_version integer CHECK (policy_version >= 1),
    priority smallint NOT NULL,
    met bigint NOT NULL,
    breached bigint NOT NULL,
    void bigint NOT NULL,
    no_target bigint NOT NULL,
    fulfilled bigint NOT NULL,
    counted_ms bigint NOT NULL,
    buckets smallint[] NOT NULL,
    tallies bigint[] NOT NULL,
    restated_at timestamptz,
    UNIQUE NULLS NOT DISTINCT (tenant_id, clock, day, queue_id, team_id, policy_id, policy_version, priority),
    CHECK ((policy_id IS NULL) = (policy_version IS NULL)),
    CHECK (cardinality(buckets) = cardinality(tallies))
);
COMMENT ON TABLE sla_rollups IS 'The clocks that ended, summed up by day (domain::sla::Tally): always what sla_clocks come to. Written by flow (watch_sla, sla_correct) through store::sla_rollups.';
COMMENT ON COLUMN sla_rollups.tenant_id IS 'Whose clocks.';
COMMENT ON COLUMN sla_rollups.clock IS 'Which clock.';
COMMENT ON COLUMN sla_rollups.day IS 'The day on which they ended, in the tenant''s zone.';
COMMENT ON COLUMN sla_rollups.queue_id IS 'In which queue; null for none.';
COMMENT ON COLUMN sla_rollups.team_id IS 'With which team; null for none.';
COMMENT ON COLUMN sla_rollups.policy_id IS 'Under which policy; null for none.';
COMMENT ON COLUMN sla_rollups.policy_version IS 'Under which version of it.';
COMMENT ON COLUMN sla_rollups.priority IS 'With which priority.';
COMMENT ON COLUMN sla_rollups.met IS 'How many were met.';
COMMENT ON COLUMN sla_rollups.breached IS 'How many were breached.';
COMMENT ON COLUMN sla_rollups.void IS 'How many stopped before they were decided.';
COMMENT ON COLUMN sla_rollups.no_target IS 'How many had no target.';
COMMENT ON COLUMN sla_rollups.fulfilled IS 'How many of all these were fulfilled, in time or not.';
COMMENT ON COLUMN sla_rollups.counted_ms IS 'The counted milliseconds of the fulfilled.';
COMMENT ON COLUMN sla_rollups.buckets IS 'The buckets that their counted time fell into, in order (domain::sla::Sketch).';
COMMENT ON COLUMN sla_rollups.tallies IS 'How many fell into each.';
COMMENT ON COLUMN sla_rollups.restated_at IS 'When a correction last changed it; null where none did.';
ALTER TABLE sla_rollups SET (fillfactor = 70);

CREATE TABLE sla_restatements (
    tenant_id uuid NOT NULL REFERENCES tenants,
    correction_id uuid NOT NULL,
    episode_id uuid NOT NULL,
    clock text NOT NULL,
    started_by uuid NOT NULL,
    made_at timestamptz NOT NULL,
    before jsonb,
    after jsonb,
    PRIMARY KEY (correction_id, episode_id, clock, started_by),
    CHECK (before IS NOT NULL OR after IS NOT NULL)
);
COMMENT ON TABLE sla_restatements IS 'Which clocks a correction of the past changed, and how. Written by flow::sla_correct, never changed.';
COMMENT ON COLUMN sla_restatements.tenant_id IS 'Whose clock.';
COMMENT ON COLUMN sla_restatements.correction_id IS 'The event that tells of the correction.';
COMMENT ON COLUMN sla_restatements.episode_id IS 'Of which episode.';
COMMENT ON COLUMN sla_restatements.clock IS 'Which clock.';
COMMENT ON COLUMN sla_restatements.started_by IS 'Which run of it.';
COMMENT ON COLUMN sla_restatements.made_at IS 'When it was corrected.';
COMMENT ON COLUMN sla_restatements.before IS 'What was kept (domain::sla::Figures); null where there was no such run.';
COMMENT ON COLUMN sla_restatements.after IS 'What it is since; null where there is no such run.';
CREATE INDEX sla_restatements_clock ON sla_restatements (episode_id, clock, started_by, made_at);
COMMENT ON INDEX sla_restatements_clock IS 'What corrections changed in a clock.';

-- Drilling down from a number to what it counts, and what runs at this moment.
CREATE INDEX sla_clocks_ended ON sla_clocks (tenant_id, clock, ended_at, episode_id, started_by) WHERE ended_at IS NOT NULL;
COMMENT ON INDEX sla_clocks_ended IS 'The clocks behind a sum, in the order in which they ended.';
CREATE INDEX sla_clocks_live ON sla_clocks (tenant_id, clock, queue_id) WHERE ended_at IS NULL;
COMMENT ON INDEX sla_clocks_live IS 'The clocks that run.';

ALTER TABLE sla_rollups ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_rollups TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE sla_restatements ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sla_restatements TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON sla_rollups TO interdesk_app;
GRANT SELECT, INSERT ON sla_restatements TO interdesk_app;
