-- A reaction opens the reply window as a message does, and leaves no message behind.
CREATE TABLE window_touches (
    contact_id uuid NOT NULL REFERENCES contacts,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    tenant_id uuid NOT NULL REFERENCES tenants,
    at timestamptz NOT NULL,
    PRIMARY KEY (contact_id, inbox_id)
);
COMMENT ON TABLE window_touches IS 'When a customer last did in an app what opens its reply window and is no message: a reaction. Written by flow::update.';
COMMENT ON COLUMN window_touches.contact_id IS 'Who.';
COMMENT ON COLUMN window_touches.inbox_id IS 'In which inbox.';
COMMENT ON COLUMN window_touches.tenant_id IS 'Whose inbox.';
COMMENT ON COLUMN window_touches.at IS 'When, by the provider''s clock.';
ALTER TABLE window_touches ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON window_touches TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON window_touches TO interdesk_app;
