DELETE FROM timers WHERE kind NOT IN ('offer_expires', 'routing_retry', 'delivery_retry', 'delivery_unknown');
ALTER TABLE timers DROP CONSTRAINT timers_kind_check;
ALTER TABLE timers ADD CONSTRAINT timers_kind_check CHECK (kind IN ('offer_expires', 'routing_retry', 'delivery_retry', 'delivery_unknown'));
DROP TABLE agent_turns;
DROP INDEX decisions_moment;
ALTER TABLE decisions
    DROP COLUMN agent_id,
    DROP COLUMN policies,
    DROP COLUMN router_id,
    DROP COLUMN step,
    DROP COLUMN cause_id;
ALTER TABLE offers DROP COLUMN by_queue_id, DROP COLUMN mode;
ALTER TABLE work_items
    DROP COLUMN class,
    DROP COLUMN units,
    DROP COLUMN vip,
    DROP COLUMN skills,
    DROP COLUMN language,
    DROP COLUMN entered_at,
    DROP COLUMN not_before,
    DROP COLUMN preferred_agent,
    DROP COLUMN preferred_until,
    DROP COLUMN sla_deadline,
    DROP COLUMN reply_deadline,
    DROP COLUMN placement,
    DROP COLUMN by_queue_id,
    DROP COLUMN limited;
