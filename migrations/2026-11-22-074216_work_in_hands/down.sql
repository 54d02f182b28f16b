DROP TABLE speaker_leases;
DROP TABLE transfers;
ALTER TABLE offers
    DROP COLUMN decline_reason,
    DROP COLUMN decline_note,
    DROP COLUMN rest,
    DROP COLUMN rest_until;
UPDATE work_items SET state = 'done', ended_at = wrap_up_until WHERE state = 'wrap_up';
DROP INDEX work_items_live;
CREATE UNIQUE INDEX work_items_live ON work_items (conversation_id) WHERE state IN ('queued', 'offered', 'active', 'wrap_up');
ALTER TABLE work_items DROP COLUMN wrap_up_until;
UPDATE conversations SET status = 'open' WHERE status IN ('on_hold', 'snoozed');
ALTER TABLE conversations
    DROP CONSTRAINT conversations_status_check,
    ADD CONSTRAINT conversations_status_check CHECK (status IN ('new', 'open', 'waiting_for_customer', 'resolved', 'closed')),
    DROP COLUMN priority,
    DROP COLUMN snoozed_until,
    DROP COLUMN held_reason;
