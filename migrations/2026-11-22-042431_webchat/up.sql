-- The web chat: which browser is which visitor, and which conversations a visitor may see.
--
-- Visitors have no password and no provider who knows them. A session is what a browser holds; what it
-- may see follows from who its visitor is, never from an id that it sends.

CREATE TABLE widget_sessions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    visitor_id uuid NOT NULL,
    user_id text,
    name text,
    email text,
    locale text,
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
COMMENT ON TABLE widget_sessions IS 'A browser that a visitor writes from. Written by the ingestion service; gone a week after its end.';
COMMENT ON COLUMN widget_sessions.id IS 'Names the session: the jti of its tokens (UUIDv7).';
COMMENT ON COLUMN widget_sessions.tenant_id IS 'Whose visitor.';
COMMENT ON COLUMN widget_sessions.inbox_id IS 'At which inbox.';
COMMENT ON COLUMN widget_sessions.visitor_id IS 'The visitor: the sub of its tokens (UUIDv7).';
COMMENT ON COLUMN widget_sessions.user_id IS 'The page''s own id of a visitor whom it vouches for; null for strangers.';
COMMENT ON COLUMN widget_sessions.name IS 'The name that the page signed.';
COMMENT ON COLUMN widget_sessions.email IS 'The e-mail address that the page signed or that the visitor left; nobody has checked it.';
COMMENT ON COLUMN widget_sessions.locale IS 'The language of the browser (BCP 47).';
COMMENT ON COLUMN widget_sessions.begun_at IS 'When it began.';
COMMENT ON COLUMN widget_sessions.expires_at IS 'Until when it runs unless it is renewed.';
COMMENT ON COLUMN widget_sessions.ended_at IS 'When the visitor signed out; its tokens are worth nothing since.';
CREATE INDEX widget_sessions_end ON widget_sessions (inbox_id, expires_at);

CREATE TABLE widget_threads (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    person text NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversations,
    contact_id uuid NOT NULL REFERENCES contacts,
    tenant_id uuid NOT NULL REFERENCES tenants,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (inbox_id, person, conversation_id)
);
COMMENT ON TABLE widget_threads IS 'Which conversations a visitor wrote in, and so may see their part of. Written by the ingestion service.';
COMMENT ON COLUMN widget_threads.inbox_id IS 'At which inbox.';
COMMENT ON COLUMN widget_threads.person IS 'Who: visitor: and the id of a stranger, user: and the page''s id of somebody it vouches for.';
COMMENT ON COLUMN widget_threads.conversation_id IS 'Which conversation.';
COMMENT ON COLUMN widget_threads.contact_id IS 'The contact that the visitor is: only what this contact wrote, and what answers it, is shown.';
COMMENT ON COLUMN widget_threads.tenant_id IS 'Whose visitor.';
COMMENT ON COLUMN widget_threads.written_at IS 'When the visitor last wrote there: the latest is the one to show.';

ALTER TABLE widget_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON widget_sessions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE widget_threads ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON widget_threads TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON widget_sessions TO interdesk_app;
GRANT SELECT, INSERT, UPDATE ON widget_threads TO interdesk_app;
