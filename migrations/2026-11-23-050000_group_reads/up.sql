-- Some providers mark every message of a group as read by itself, so the desk has to know which ones it
-- marked already.
CREATE TABLE group_reads (
    conversation_id uuid PRIMARY KEY REFERENCES conversations,
    tenant_id uuid NOT NULL REFERENCES tenants,
    version bigint NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE group_reads IS 'Up to where messages of a group were shown as read, on channels that mark each by itself. Written by flow::signal.';
COMMENT ON COLUMN group_reads.conversation_id IS 'In which conversation.';
COMMENT ON COLUMN group_reads.tenant_id IS 'Whose conversation.';
COMMENT ON COLUMN group_reads.version IS 'The conversation''s version of the last message that was marked: those behind it were not.';
COMMENT ON COLUMN group_reads.at IS 'When that was.';
ALTER TABLE group_reads ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON group_reads TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON group_reads TO interdesk_app;
