-- What every received message pays for at its conversation.

-- Lists are ordered by the time of the last message, so each message moved its conversation in every
-- index of the table. An index of minutes orders them as well, the rest being sorted within a minute;
-- and as most messages follow another one of the same minute, their conversation is updated in place
-- and no index is touched.
ALTER TABLE conversations ADD COLUMN last_minute timestamp NOT NULL
    GENERATED ALWAYS AS (date_trunc('minute', last_message_at AT TIME ZONE 'UTC')) STORED;
COMMENT ON COLUMN conversations.last_minute IS
    'The minute of last_message_at in UTC, kept by the database: lists are indexed by it.';

DROP INDEX conversations_recent;
DROP INDEX conversations_assignee;
CREATE INDEX conversations_recent ON conversations (tenant_id, last_minute DESC);
CREATE INDEX conversations_assignee ON conversations (assignee_id, last_minute DESC)
    WHERE assignee_id IS NOT NULL;

-- A message is written under the lock of its conversation's row, by whoever has just read it; and an
-- agent's, by the agent whose standing was just read. Agents are disabled, never deleted.
ALTER TABLE messages
    DROP CONSTRAINT messages_conversation_id_fkey,
    DROP CONSTRAINT messages_agent_id_fkey;
