-- Who runs the installation: a role of its own, that no sign-in of the program can become.
--
--   interdesk_operator  adds tenants, keeps them out and says how much they may use. It sees nothing
--                       of what they write: of agents and inboxes it counts rows, no more.

DO $$
BEGIN
    CREATE ROLE interdesk_operator NOLOGIN NOBYPASSRLS;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
    WHEN insufficient_privilege THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interdesk_operator') THEN
            RAISE EXCEPTION 'role interdesk_operator does not exist and may not be created; run deploy/postgres/roles.sql first';
        END IF;
END $$;

CREATE TABLE tenant_terms (
    tenant_id uuid PRIMARY KEY REFERENCES tenants,
    suspended_at timestamptz,
    reason text NOT NULL DEFAULT '',
    agents integer CHECK (agents >= 0),
    messages_per_day integer CHECK (messages_per_day >= 0),
    storage_bytes bigint CHECK (storage_bytes >= 0),
    points_per_minute integer CHECK (points_per_minute >= 0),
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE tenant_terms IS 'What the operator of the installation decided about a tenant; none is none. Written by flow::terms, as interdesk_operator alone.';
COMMENT ON COLUMN tenant_terms.tenant_id IS 'About whom.';
COMMENT ON COLUMN tenant_terms.suspended_at IS 'Since when nobody of the tenant gets in; null while they do.';
COMMENT ON COLUMN tenant_terms.reason IS 'Why they do not, for other operators.';
COMMENT ON COLUMN tenant_terms.agents IS 'How many agents may sign in; null for the setting quota.agents, 0 for any number.';
COMMENT ON COLUMN tenant_terms.messages_per_day IS 'How many messages agents send in a day; null for quota.messages_per_day, 0 for any number.';
COMMENT ON COLUMN tenant_terms.storage_bytes IS 'How many bytes files have before agents may upload no more; null for quota.storage_bytes, 0 for any number.';
COMMENT ON COLUMN tenant_terms.points_per_minute IS 'How many points the API gives all of them in a minute; null for quota.points_per_minute, 0 for any number.';
COMMENT ON COLUMN tenant_terms.changed_at IS 'When any of it last changed.';

CREATE TABLE password_resets (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid NOT NULL REFERENCES agents,
    digest bytea UNIQUE,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    send_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    used_at timestamptz
);
COMMENT ON TABLE password_resets IS 'A leave to choose a password without the one before, once. Written by flow::reset and flow::terms.';
COMMENT ON COLUMN password_resets.id IS 'Names the leave (UUIDv7).';
COMMENT ON COLUMN password_resets.tenant_id IS 'Whose agent.';
COMMENT ON COLUMN password_resets.agent_id IS 'Whose password.';
COMMENT ON COLUMN password_resets.digest IS 'SHA-256 of the token, which is kept nowhere; null until a mail with it is sent.';
COMMENT ON COLUMN password_resets.asked_at IS 'When it was asked for.';
COMMENT ON COLUMN password_resets.expires_at IS 'Until when the token is good.';
COMMENT ON COLUMN password_resets.send_at IS 'When the mail with the token is to be sent, or tried again; null where none waits.';
COMMENT ON COLUMN password_resets.tries IS 'How often the mail was tried.';
COMMENT ON COLUMN password_resets.used_at IS 'When it was used, or was good no more because another was.';
CREATE INDEX password_resets_agent ON password_resets (agent_id) WHERE used_at IS NULL;
CREATE INDEX password_resets_unsent ON password_resets (send_at) WHERE send_at IS NOT NULL;
COMMENT ON INDEX password_resets_unsent IS 'Which mails wait, the longest waiting first.';

ALTER TABLE tenant_terms ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenant_terms TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT ON tenant_terms TO interdesk_app;
ALTER TABLE password_resets ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON password_resets TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON password_resets TO interdesk_app;
CREATE POLICY system ON password_resets FOR SELECT TO interdesk_system USING (true);
GRANT SELECT ON password_resets TO interdesk_system;

GRANT USAGE ON SCHEMA public TO interdesk_operator;
CREATE POLICY operator ON tenants TO interdesk_operator USING (true);
GRANT SELECT, INSERT ON tenants TO interdesk_operator;
GRANT UPDATE (version) ON tenants TO interdesk_operator;
CREATE POLICY operator ON tenant_terms TO interdesk_operator USING (true);
GRANT SELECT, INSERT, UPDATE ON tenant_terms TO interdesk_operator;
CREATE POLICY operator ON agents TO interdesk_operator USING (true);
GRANT SELECT (id, tenant_id, disabled_at), INSERT ON agents TO interdesk_operator;
CREATE POLICY operator ON agent_loads FOR INSERT TO interdesk_operator WITH CHECK (true);
GRANT INSERT ON agent_loads TO interdesk_operator;
CREATE POLICY operator ON inboxes FOR SELECT TO interdesk_operator USING (true);
GRANT SELECT (id, tenant_id) ON inboxes TO interdesk_operator;
CREATE POLICY operator ON password_resets FOR INSERT TO interdesk_operator WITH CHECK (true);
GRANT INSERT ON password_resets TO interdesk_operator;
CREATE POLICY operator ON outbox FOR INSERT TO interdesk_operator WITH CHECK (true);
GRANT INSERT ON outbox TO interdesk_operator;
GRANT USAGE ON SEQUENCE outbox_pos TO interdesk_operator;
GRANT EXECUTE ON FUNCTION file_totals() TO interdesk_operator;
