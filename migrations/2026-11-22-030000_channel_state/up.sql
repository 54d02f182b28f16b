-- What channels without a chat of their own need: the further names of a message, and what an
-- adapter remembers of a conversation.
--
-- Both are tables of their own, because the messages of most channels have neither and pay nothing.

CREATE TABLE message_ids (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    provider_id text NOT NULL,
    message_id uuid NOT NULL REFERENCES messages,
    tenant_id uuid NOT NULL REFERENCES tenants,
    PRIMARY KEY (inbox_id, provider_id)
);
COMMENT ON TABLE message_ids IS 'Further ids by which the provider names a message, beside messages.provider_id. Written by flow (receive, deliver).';
COMMENT ON COLUMN message_ids.inbox_id IS 'In which inbox.';
COMMENT ON COLUMN message_ids.provider_id IS 'The further id, unique within the inbox; under the advisory lock of its writer also among messages.provider_id.';
COMMENT ON COLUMN message_ids.message_id IS 'Which message it names.';
COMMENT ON COLUMN message_ids.tenant_id IS 'Whose message.';
CREATE INDEX message_ids_message ON message_ids (message_id);
COMMENT ON INDEX message_ids_message IS 'All further ids of a message.';
ALTER TABLE message_ids ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_ids TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT ON message_ids TO interdesk_app;

CREATE TABLE channel_states (
    conversation_id uuid NOT NULL REFERENCES conversations,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    tenant_id uuid NOT NULL REFERENCES tenants,
    state text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, inbox_id)
);
COMMENT ON TABLE channel_states IS 'What an adapter remembers of a conversation: a room, the ids to reference. Written by flow (receive, deliver).';
COMMENT ON COLUMN channel_states.conversation_id IS 'Of which conversation.';
COMMENT ON COLUMN channel_states.inbox_id IS 'Through which inbox.';
COMMENT ON COLUMN channel_states.tenant_id IS 'Whose conversation.';
COMMENT ON COLUMN channel_states.state IS 'What it remembers; only the adapter of the inbox reads it.';
COMMENT ON COLUMN channel_states.changed_at IS 'When it was last told.';
ALTER TABLE channel_states ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON channel_states TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON channel_states TO interdesk_app;
