ALTER TABLE messages
    ADD CONSTRAINT messages_conversation_id_fkey
        FOREIGN KEY (conversation_id) REFERENCES conversations (id),
    ADD CONSTRAINT messages_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents (id);
DROP INDEX conversations_recent;
DROP INDEX conversations_assignee;
ALTER TABLE conversations DROP COLUMN last_minute;
CREATE INDEX conversations_recent ON conversations (tenant_id, last_message_at DESC, id DESC);
CREATE INDEX conversations_assignee ON conversations (assignee_id, last_message_at DESC)
    WHERE assignee_id IS NOT NULL;
