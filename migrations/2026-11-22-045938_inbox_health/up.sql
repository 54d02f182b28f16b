-- What providers tell of an account: how well it is, how fast it may send, which templates it has.
-- And what goes to them and is not worth keeping: that an agent writes, that an agent has read.

CREATE TABLE inbox_facts (
    inbox_id uuid PRIMARY KEY REFERENCES inboxes,
    tenant_id uuid NOT NULL REFERENCES tenants,
    version bigint NOT NULL DEFAULT 0,
    business_account text,
    per_second integer CHECK (per_second > 0),
    templates_listed_at timestamptz,
    checked_at timestamptz
);
COMMENT ON TABLE inbox_facts IS 'What the provider tells of an inbox''s account. Written by flow (receive, inbox_health).';
COMMENT ON COLUMN inbox_facts.inbox_id IS 'Of which inbox.';
COMMENT ON COLUMN inbox_facts.tenant_id IS 'Whose inbox.';
COMMENT ON COLUMN inbox_facts.version IS 'Counts events: the aggregate version of inbox events.';
COMMENT ON COLUMN inbox_facts.business_account IS 'The provider''s id of what several accounts share: a WhatsApp Business Account.';
COMMENT ON COLUMN inbox_facts.per_second IS 'How many messages may leave in a second; null for what the channel declares.';
COMMENT ON COLUMN inbox_facts.templates_listed_at IS 'When all templates were listed last; before that nothing is known to be missing.';
COMMENT ON COLUMN inbox_facts.checked_at IS 'When the provider was last asked.';

CREATE TABLE inbox_conditions (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    subject text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    state text NOT NULL CHECK (state IN ('healthy', 'degraded', 'blocked')),
    reason text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (inbox_id, subject)
);
COMMENT ON TABLE inbox_conditions IS 'How well an inbox is, one row for each thing that can be wrong with it. Written by flow (receive, inbox_health, deliver).';
COMMENT ON COLUMN inbox_conditions.inbox_id IS 'Of which inbox.';
COMMENT ON COLUMN inbox_conditions.subject IS 'What it is about: account, quality, webhook and others.';
COMMENT ON COLUMN inbox_conditions.tenant_id IS 'Whose inbox.';
COMMENT ON COLUMN inbox_conditions.state IS 'How well.';
COMMENT ON COLUMN inbox_conditions.reason IS 'The provider''s word for why.';
COMMENT ON COLUMN inbox_conditions.detail IS 'What to tell people.';
COMMENT ON COLUMN inbox_conditions.since IS 'Since when it is so.';
COMMENT ON COLUMN inbox_conditions.told_at IS 'When it was last told, by the provider''s clock: older news change nothing.';

CREATE TABLE inbox_news (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    subject text NOT NULL,
    state text NOT NULL CHECK (state IN ('healthy', 'degraded', 'blocked')),
    reason text NOT NULL,
    detail text NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE inbox_news IS 'How the conditions of inboxes changed; only added to. Written by flow (receive, inbox_health, deliver).';
COMMENT ON COLUMN inbox_news.id IS 'Names the change (UUIDv7).';
COMMENT ON COLUMN inbox_news.tenant_id IS 'Whose inbox.';
COMMENT ON COLUMN inbox_news.inbox_id IS 'Of which inbox.';
COMMENT ON COLUMN inbox_news.subject IS 'What it is about.';
COMMENT ON COLUMN inbox_news.state IS 'How well it was from then on.';
COMMENT ON COLUMN inbox_news.reason IS 'The provider''s word for why.';
COMMENT ON COLUMN inbox_news.detail IS 'What to tell people.';
COMMENT ON COLUMN inbox_news.at IS 'When it changed.';
CREATE INDEX inbox_news_latest ON inbox_news (inbox_id, at DESC, id DESC);
COMMENT ON INDEX inbox_news_latest IS 'The last changes of an inbox.';

CREATE TABLE message_templates (
    inbox_id uuid NOT NULL REFERENCES inboxes,
    name text NOT NULL,
    language text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    provider_id text,
    status text NOT NULL,
    category text,
    quality text,
    reason text,
    text text NOT NULL DEFAULT '',
    slots jsonb,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (inbox_id, name, language)
);
COMMENT ON TABLE message_templates IS 'Messages that the provider keeps approved. Written by flow (receive, inbox_health).';
COMMENT ON COLUMN message_templates.inbox_id IS 'Through which inbox they may leave.';
COMMENT ON COLUMN message_templates.name IS 'The template''s name with the provider.';
COMMENT ON COLUMN message_templates.language IS 'Its language, for example en_US.';
COMMENT ON COLUMN message_templates.tenant_id IS 'Whose template.';
COMMENT ON COLUMN message_templates.provider_id IS 'The provider''s id of it.';
COMMENT ON COLUMN message_templates.status IS 'The provider''s word for its state, in lower case; only approved ones may leave.';
COMMENT ON COLUMN message_templates.category IS 'The provider''s word for its kind, in lower case; prices follow it.';
COMMENT ON COLUMN message_templates.quality IS 'What customers make of it, in lower case.';
COMMENT ON COLUMN message_templates.reason IS 'Why it is not approved.';
COMMENT ON COLUMN message_templates.text IS 'The words with their places, to show.';
COMMENT ON COLUMN message_templates.slots IS 'What has to be filled and with what; null where only its name is known.';
COMMENT ON COLUMN message_templates.changed_at IS 'When it was last told of, by the provider''s clock: older news change nothing.';

CREATE TABLE signals (
    conversation_id uuid NOT NULL REFERENCES conversations,
    kind text NOT NULL CHECK (kind IN ('typing', 'read')),
    tenant_id uuid NOT NULL REFERENCES tenants,
    inbox_id uuid NOT NULL REFERENCES inboxes,
    target text,
    at timestamptz NOT NULL,
    PRIMARY KEY (conversation_id, kind)
);
COMMENT ON TABLE signals IS 'What is on its way to providers and is not kept: an agent writes, an agent has read. Written by flow::signal.';
COMMENT ON COLUMN signals.conversation_id IS 'In which conversation.';
COMMENT ON COLUMN signals.kind IS 'What is shown.';
COMMENT ON COLUMN signals.tenant_id IS 'Whose conversation.';
COMMENT ON COLUMN signals.inbox_id IS 'Through which inbox.';
COMMENT ON COLUMN signals.target IS 'The provider''s id of the customer''s last message.';
COMMENT ON COLUMN signals.at IS 'When it was so.';

ALTER TABLE inbox_facts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON inbox_facts TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE inbox_conditions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON inbox_conditions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE inbox_news ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON inbox_news TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE message_templates ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_templates TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
ALTER TABLE signals ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON signals TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON inbox_facts TO interdesk_app;
GRANT SELECT, INSERT, UPDATE ON inbox_conditions TO interdesk_app;
GRANT SELECT, INSERT ON inbox_news TO interdesk_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON message_templates TO interdesk_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON signals TO interdesk_app;

-- The system looks for whom to ask and what to show, over all tenants; it changes nothing.
CREATE POLICY system ON inbox_facts FOR SELECT TO interdesk_system USING (true);
CREATE POLICY system ON signals FOR SELECT TO interdesk_system USING (true);
GRANT SELECT ON inbox_facts, signals TO interdesk_system;
