-- What agents do to messages after they left: other words, taking back, reactions.

CREATE TABLE message_changes (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL REFERENCES conversations,
    message_id uuid NOT NULL REFERENCES messages,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    agent_id uuid NOT NULL REFERENCES agents,
    kind text NOT NULL CHECK (kind IN ('edit', 'delete', 'reaction')),
    target text NOT NULL,
    text text,
    emoji text,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    tries integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    failure jsonb,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((kind = 'edit') = (text IS NOT NULL)),
    CHECK ((kind = 'reaction') = (emoji IS NOT NULL)),
    CHECK ((state = 'queued') = (ended_at IS NULL))
);
COMMENT ON TABLE message_changes IS 'What agents change about messages that the provider has: the message shows it once the provider took it. Written by flow (change, deliver).';
COMMENT ON COLUMN message_changes.id IS 'Names the change (UUIDv7); the provider is told it as key, the same over all tries.';
COMMENT ON COLUMN message_changes.tenant_id IS 'Whose change.';
COMMENT ON COLUMN message_changes.conversation_id IS 'Of which conversation: its changes leave in the order in which they were made.';
COMMENT ON COLUMN message_changes.message_id IS 'Of which message.';
COMMENT ON COLUMN message_changes.inbox_id IS 'Which app carries it.';
COMMENT ON COLUMN message_changes.agent_id IS 'Who made it.';
COMMENT ON COLUMN message_changes.kind IS 'edit: other words; delete: taken back; reaction: an emoji, or its withdrawal.';
COMMENT ON COLUMN message_changes.target IS 'The provider''s id of the message.';
COMMENT ON COLUMN message_changes.text IS 'The words from then on, of an edit.';
COMMENT ON COLUMN message_changes.emoji IS 'The emoji of a reaction; empty where it is withdrawn.';
COMMENT ON COLUMN message_changes.state IS 'queued: on its way; sent: the provider took it; failed: it did not, for good.';
COMMENT ON COLUMN message_changes.tries IS 'Counts the tries; also the token of whoever carries it now.';
COMMENT ON COLUMN message_changes.next_try_at IS 'When it may be carried; while somebody carries it, when that counts as lost.';
COMMENT ON COLUMN message_changes.failure IS 'Why it failed or waits (domain::delivery::Failure).';
COMMENT ON COLUMN message_changes.made_at IS 'When it was made.';
COMMENT ON COLUMN message_changes.ended_at IS 'When the provider took it, or it failed.';
CREATE INDEX message_changes_next ON message_changes (conversation_id, id) WHERE state = 'queued';
COMMENT ON INDEX message_changes_next IS 'What is to be carried next in a conversation.';
CREATE INDEX message_changes_due ON message_changes (next_try_at) WHERE state = 'queued';
COMMENT ON INDEX message_changes_due IS 'What nobody carries although it is time.';
CREATE INDEX message_changes_message ON message_changes (message_id, id);
COMMENT ON INDEX message_changes_message IS 'The changes of a message, in order.';
ALTER TABLE message_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_changes TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON message_changes TO interdesk_app;

-- What the system learns across tenants is which conversations have one, and nothing else of it.
CREATE FUNCTION due_changes(at timestamptz, at_most integer)
RETURNS TABLE (tenant_id uuid, conversation_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT c.tenant_id, c.conversation_id FROM message_changes c
    WHERE c.state = 'queued' AND c.next_try_at <= at
    LIMIT at_most
$$;
COMMENT ON FUNCTION due_changes(timestamptz, integer) IS 'The conversations with a change of a message that nobody carries although it is time.';
REVOKE ALL ON FUNCTION due_changes(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_changes(timestamptz, integer) TO interdesk_system;
