COMMENT ON COLUMN conversations.episode_number IS 'Counts the episodes, from 1.';
COMMENT ON COLUMN episodes.number IS 'Counts within the conversation, from 1.';
COMMENT ON COLUMN messages.version IS 'The conversation''s version at its event: the order within the conversation.';
DELETE FROM early_updates WHERE kind = 'content';
ALTER TABLE early_updates DROP CONSTRAINT early_updates_kind_check;
ALTER TABLE early_updates ADD CONSTRAINT early_updates_kind_check CHECK (kind IN ('receipt', 'edit', 'delete'));
