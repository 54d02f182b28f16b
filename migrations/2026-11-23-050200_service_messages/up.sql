-- Meta charges for service messages beyond a number of them in a calendar month, per business number.
CREATE TABLE service_messages (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    tenant_id uuid NOT NULL REFERENCES tenants,
    delivered bigint NOT NULL CHECK (delivered > 0),
    PRIMARY KEY (inbox_id, month)
);
COMMENT ON TABLE service_messages IS 'How many messages of ours that are no templates arrived in a month, on channels that charge for them; each counts once, by the first receipt that it arrived or was read. Written by flow::update.';
COMMENT ON COLUMN service_messages.inbox_id IS 'Through which inbox.';
COMMENT ON COLUMN service_messages.month IS 'In which month (UTC), as its first day.';
COMMENT ON COLUMN service_messages.tenant_id IS 'Whose inbox.';
COMMENT ON COLUMN service_messages.delivered IS 'How many.';
ALTER TABLE service_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON service_messages TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON service_messages TO interdesk_app;
