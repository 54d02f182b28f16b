-- Mailboxes: an address leads to one inbox, and each folder that is read remembers how far.

CREATE UNIQUE INDEX inboxes_mail_address ON inboxes (lower(account_id)) WHERE channel = 'email';
COMMENT ON INDEX inboxes_mail_address IS 'A mail address leads to one inbox, whoever''s it is.';

CREATE TABLE mail_folders (
    inbox_id uuid PRIMARY KEY REFERENCES inboxes,
    tenant_id uuid NOT NULL REFERENCES tenants,
    holder uuid,
    held_until timestamptz,
    uid_validity bigint,
    last_uid bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE mail_folders IS 'How far the folder of a mailbox is read, and who reads it. Written by the ingestion role.';
COMMENT ON COLUMN mail_folders.inbox_id IS 'Of which inbox.';
COMMENT ON COLUMN mail_folders.tenant_id IS 'Whose folder.';
COMMENT ON COLUMN mail_folders.holder IS 'The process that reads it; NULL where none does.';
COMMENT ON COLUMN mail_folders.held_until IS 'When another one may take it over.';
COMMENT ON COLUMN mail_folders.uid_validity IS 'The server''s word for which numbering of mails counts (RFC 9051).';
COMMENT ON COLUMN mail_folders.last_uid IS 'The last mail of that numbering that is stored.';
ALTER TABLE mail_folders ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mail_folders TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON mail_folders TO interdesk_app;
