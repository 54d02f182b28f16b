-- Who is in a group, beside who wrote there.

CREATE TABLE group_members (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    group_id text NOT NULL,
    contact_id uuid NOT NULL REFERENCES contacts,
    tenant_id uuid NOT NULL REFERENCES tenants,
    standing text NOT NULL CHECK (standing IN ('invited', 'asking', 'joined', 'left', 'removed')),
    role text NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
    name text,
    invited_at timestamptz,
    joined_at timestamptz,
    left_at timestamptz,
    told_at timestamptz,
    PRIMARY KEY (inbox_id, group_id, contact_id)
);
COMMENT ON TABLE group_members IS 'Who is or was in a group of an app, as the provider told. Written by flow::update.';
COMMENT ON COLUMN group_members.inbox_id IS 'By which inbox we know of it.';
COMMENT ON COLUMN group_members.group_id IS 'The provider''s id of the group, or of a room that becomes one with its second customer.';
COMMENT ON COLUMN group_members.contact_id IS 'Who, as they were met.';
COMMENT ON COLUMN group_members.tenant_id IS 'Whose inbox.';
COMMENT ON COLUMN group_members.standing IS 'How they stand to it now.';
COMMENT ON COLUMN group_members.role IS 'What they may do there.';
COMMENT ON COLUMN group_members.name IS 'How the group shows them, by their own words; null where it was not told.';
COMMENT ON COLUMN group_members.invited_at IS 'When they were last asked in, or asked to come in.';
COMMENT ON COLUMN group_members.joined_at IS 'When they last came in; null where that is not known, or never was.';
COMMENT ON COLUMN group_members.left_at IS 'When they last went or were sent away; null while they are in.';
COMMENT ON COLUMN group_members.told_at IS 'Of when the standing is; null where only the role was told.';
CREATE INDEX group_members_contact ON group_members (contact_id);
ALTER TABLE group_members ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON group_members TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON group_members TO interdesk_app;
