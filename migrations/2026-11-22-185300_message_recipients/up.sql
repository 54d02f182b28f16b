-- How far a message to a group got with each of its people.

CREATE TABLE message_recipients (
    message_id uuid NOT NULL REFERENCES messages,
    recipient text NOT NULL,
    contact_id uuid REFERENCES contacts,
    tenant_id uuid NOT NULL REFERENCES tenants,
    state text NOT NULL CHECK (state IN ('sent', 'delivered', 'read', 'failed')),
    failure jsonb,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, recipient)
);
COMMENT ON TABLE message_recipients IS 'How far a message of ours to a group got with each of its people. Written by flow::update.';
COMMENT ON COLUMN message_recipients.message_id IS 'Which message.';
COMMENT ON COLUMN message_recipients.recipient IS 'The provider''s name of the person.';
COMMENT ON COLUMN message_recipients.contact_id IS 'Who that is; null where nobody was met under this name.';
COMMENT ON COLUMN message_recipients.tenant_id IS 'Whose message.';
COMMENT ON COLUMN message_recipients.state IS 'How far it got with them (domain::delivery::DeliveryState).';
COMMENT ON COLUMN message_recipients.failure IS 'Why it failed (domain::delivery::Failure).';
COMMENT ON COLUMN message_recipients.told_at IS 'When that was told, by the provider''s clock.';
CREATE INDEX message_recipients_contact ON message_recipients (contact_id);
ALTER TABLE message_recipients ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_recipients TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON message_recipients TO interdesk_app;
