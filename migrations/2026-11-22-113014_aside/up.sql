-- What agents keep beside a conversation: tags, notes, who is called in by one, drafts and views.

CREATE TABLE tags (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    color text,
    retired_at timestamptz,
    changed_at timestamptz NOT NULL,
    UNIQUE (tenant_id, name)
);
COMMENT ON TABLE tags IS 'The words by which agents mark conversations. Written by flow::aside.';
COMMENT ON COLUMN tags.id IS 'Names the tag (UUIDv7).';
COMMENT ON COLUMN tags.tenant_id IS 'Whose tag.';
COMMENT ON COLUMN tags.name IS 'The word itself: conversations and conditions hold it, so it never changes.';
COMMENT ON COLUMN tags.description IS 'What it is for.';
COMMENT ON COLUMN tags.color IS 'The colour to show it in, as #rrggbb.';
COMMENT ON COLUMN tags.retired_at IS 'Since when it is not offered any more; conversations keep it.';
COMMENT ON COLUMN tags.changed_at IS 'When it was changed last.';

CREATE TABLE conversation_notes (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    conversation_id uuid NOT NULL REFERENCES conversations,
    agent_id uuid NOT NULL REFERENCES agents,
    text text NOT NULL,
    mentions uuid[] NOT NULL DEFAULT '{}',
    version bigint NOT NULL,
    written_at timestamptz NOT NULL,
    deleted_at timestamptz
);
COMMENT ON TABLE conversation_notes IS 'What agents write down in a conversation for each other. It lies apart from messages, so that nothing that speaks to customers can find it. Written by flow::aside.';
COMMENT ON COLUMN conversation_notes.id IS 'Names the note (UUIDv7).';
COMMENT ON COLUMN conversation_notes.tenant_id IS 'Whose note.';
COMMENT ON COLUMN conversation_notes.conversation_id IS 'In which conversation.';
COMMENT ON COLUMN conversation_notes.agent_id IS 'Who wrote it.';
COMMENT ON COLUMN conversation_notes.text IS 'The words; empty once it was taken back.';
COMMENT ON COLUMN conversation_notes.mentions IS 'Which agents it calls in.';
COMMENT ON COLUMN conversation_notes.version IS 'The conversation''s version at its event: its place among the messages.';
COMMENT ON COLUMN conversation_notes.written_at IS 'When it was written.';
COMMENT ON COLUMN conversation_notes.deleted_at IS 'When it was taken back.';
CREATE INDEX conversation_notes_timeline ON conversation_notes (conversation_id, version);
COMMENT ON INDEX conversation_notes_timeline IS 'The notes of a conversation, in order.';

CREATE TABLE mentions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid NOT NULL REFERENCES agents,
    conversation_id uuid NOT NULL REFERENCES conversations,
    note_id uuid NOT NULL REFERENCES conversation_notes,
    made_at timestamptz NOT NULL,
    read_at timestamptz
);
COMMENT ON TABLE mentions IS 'Which agents are called in by a note: one of the things that they are told. Written by flow::aside.';
COMMENT ON COLUMN mentions.id IS 'Names the notification (UUIDv7).';
COMMENT ON COLUMN mentions.tenant_id IS 'Whose.';
COMMENT ON COLUMN mentions.agent_id IS 'Who is called in.';
COMMENT ON COLUMN mentions.conversation_id IS 'To which conversation.';
COMMENT ON COLUMN mentions.note_id IS 'By which note.';
COMMENT ON COLUMN mentions.made_at IS 'When.';
COMMENT ON COLUMN mentions.read_at IS 'When they marked it as read.';
CREATE INDEX mentions_inbox ON mentions (agent_id, made_at DESC, id DESC);
COMMENT ON INDEX mentions_inbox IS 'What an agent is called in to, the latest first.';

CREATE TABLE drafts (
    conversation_id uuid NOT NULL REFERENCES conversations,
    agent_id uuid NOT NULL REFERENCES agents,
    tenant_id uuid NOT NULL REFERENCES tenants,
    text text NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, agent_id)
);
COMMENT ON TABLE drafts IS 'What an agent began to write, for whichever device they go on at. It is nobody else''s, so no event tells of it. Written by flow::aside and flow::reply.';
COMMENT ON COLUMN drafts.conversation_id IS 'In which conversation.';
COMMENT ON COLUMN drafts.agent_id IS 'Who.';
COMMENT ON COLUMN drafts.tenant_id IS 'Whose.';
COMMENT ON COLUMN drafts.text IS 'The words so far.';
COMMENT ON COLUMN drafts.version IS 'Counts the changes; it goes on over drafts that were sent.';
COMMENT ON COLUMN drafts.changed_at IS 'When it was changed last.';
CREATE INDEX drafts_agent ON drafts (agent_id, changed_at DESC);
COMMENT ON INDEX drafts_agent IS 'What an agent began to write, the latest first.';

CREATE TABLE views (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid REFERENCES agents,
    name text NOT NULL,
    condition jsonb NOT NULL,
    version integer NOT NULL,
    retired_at timestamptz,
    changed_at timestamptz NOT NULL,
    changed_by uuid NOT NULL REFERENCES agents
);
COMMENT ON TABLE views IS 'Lists of conversations that somebody keeps by a condition. Written by flow::aside.';
COMMENT ON COLUMN views.id IS 'Names the view (UUIDv7).';
COMMENT ON COLUMN views.tenant_id IS 'Whose.';
COMMENT ON COLUMN views.agent_id IS 'Who keeps it for themselves; null where it is shared.';
COMMENT ON COLUMN views.name IS 'What it is called.';
COMMENT ON COLUMN views.condition IS 'What its conversations have in common (domain::condition).';
COMMENT ON COLUMN views.version IS 'Counts the changes.';
COMMENT ON COLUMN views.retired_at IS 'Since when it is gone.';
COMMENT ON COLUMN views.changed_at IS 'When it was changed last.';
COMMENT ON COLUMN views.changed_by IS 'By whom.';
CREATE INDEX views_agent ON views (tenant_id, agent_id) WHERE retired_at IS NULL;
COMMENT ON INDEX views_agent IS 'The views of an agent, and those that are shared.';

ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tags TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE conversation_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON conversation_notes TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE mentions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mentions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE drafts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON drafts TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE views ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON views TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON tags, conversation_notes, mentions, drafts, views TO interdesk_app;
