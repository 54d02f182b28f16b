COMMENT ON COLUMN work_items.limited IS 'What became of it because its queue was full or it waited too long, where that was an end; null otherwise.';
COMMENT ON COLUMN messages.agent_id IS 'The agent who wrote it; null for the customer''s and for echoes.';
COMMENT ON COLUMN episodes.resolved_by IS 'Who ended it.';
ALTER TABLE work_items
    DROP COLUMN limited_untold,
    DROP COLUMN limited_message_id,
    DROP COLUMN limited_text;
