-- Messages from before the desk had an inbox, which providers bring later.

ALTER TABLE early_updates DROP CONSTRAINT early_updates_kind_check;
ALTER TABLE early_updates ADD CONSTRAINT early_updates_kind_check
    CHECK (kind IN ('receipt', 'edit', 'delete', 'content'));

COMMENT ON COLUMN messages.version IS 'The conversation''s version at its event: the order within the conversation. Below zero for a message from before the desk had the inbox, by the second when it was written.';
COMMENT ON COLUMN episodes.number IS 'Counts within the conversation, from 1; 0 is what was before the desk had it.';
COMMENT ON COLUMN conversations.episode_number IS 'Counts the episodes, from 1; 0 while there is none but what was before the desk had it.';
