DROP INDEX sla_episodes_running;
CREATE INDEX sla_episodes_running ON sla_episodes (tenant_id, opened_at) WHERE resolved_at IS NULL;
COMMENT ON INDEX sla_episodes_running IS 'The episodes that a change of policies or schedules may concern.';
DROP TABLE sla_sweeps;
