-- Who is signed in where, who speaks by a key, and how often a password was given wrongly.

ALTER TABLE agents
    ADD COLUMN failed_sign_ins integer NOT NULL DEFAULT 0,
    ADD COLUMN locked_until timestamptz,
    ADD COLUMN tokens_from timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN agents.failed_sign_ins IS 'How often in a row the password was given wrongly.';
COMMENT ON COLUMN agents.locked_until IS 'Until when nobody signs in as the agent because of that; null before the first time.';
COMMENT ON COLUMN agents.tokens_from IS 'Access tokens without a session that were issued before are refused.';

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid NOT NULL REFERENCES agents,
    device text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text CHECK (ended_by IN ('signed_out', 'everywhere', 'password_changed', 'reused')),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
COMMENT ON TABLE sessions IS 'A time for which somebody is signed in on one device. Written by flow (sign_in, sessions).';
COMMENT ON COLUMN sessions.id IS 'Names the session (UUIDv7).';
COMMENT ON COLUMN sessions.tenant_id IS 'Whose session.';
COMMENT ON COLUMN sessions.agent_id IS 'Who is signed in.';
COMMENT ON COLUMN sessions.device IS 'What the client says it is.';
COMMENT ON COLUMN sessions.created_at IS 'When they signed in.';
COMMENT ON COLUMN sessions.seen_at IS 'When it last gave an access token.';
COMMENT ON COLUMN sessions.expires_at IS 'Until when it can give another.';
COMMENT ON COLUMN sessions.ended_at IS 'When it ended; null while it goes on.';
COMMENT ON COLUMN sessions.ended_by IS 'Why it ended (domain::permission::SessionEnd).';
CREATE INDEX sessions_agent ON sessions (agent_id) WHERE ended_at IS NULL;

CREATE TABLE refresh_tokens (
    digest bytea PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    session_id uuid NOT NULL REFERENCES sessions,
    made_at timestamptz NOT NULL,
    used_at timestamptz
);
COMMENT ON TABLE refresh_tokens IS 'What keeps a session going: each is good once, and one that comes again ends the session. Written by flow::sessions.';
COMMENT ON COLUMN refresh_tokens.digest IS 'SHA-256 of the token, which is kept nowhere.';
COMMENT ON COLUMN refresh_tokens.tenant_id IS 'Whose token.';
COMMENT ON COLUMN refresh_tokens.session_id IS 'Which session it keeps going.';
COMMENT ON COLUMN refresh_tokens.made_at IS 'When it was made.';
COMMENT ON COLUMN refresh_tokens.used_at IS 'When it was used up; kept for a week, so that another use is seen.';
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE UNIQUE INDEX refresh_tokens_good ON refresh_tokens (session_id) WHERE used_at IS NULL;

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid NOT NULL REFERENCES agents,
    name text NOT NULL,
    hint text NOT NULL,
    digest bytea NOT NULL UNIQUE,
    permissions text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON TABLE api_keys IS 'A key by which a program speaks as an agent. Written by flow::api_keys.';
COMMENT ON COLUMN api_keys.id IS 'Names the key (UUIDv7).';
COMMENT ON COLUMN api_keys.tenant_id IS 'Whose key.';
COMMENT ON COLUMN api_keys.agent_id IS 'As whom it speaks; it never allows more than their role.';
COMMENT ON COLUMN api_keys.name IS 'What it is for.';
COMMENT ON COLUMN api_keys.hint IS 'The last letters of the key, by which people tell keys apart.';
COMMENT ON COLUMN api_keys.digest IS 'SHA-256 of the key, which is kept nowhere.';
COMMENT ON COLUMN api_keys.permissions IS 'What it allows at most (domain::permission::Permission).';
COMMENT ON COLUMN api_keys.created_at IS 'When it was made.';
COMMENT ON COLUMN api_keys.expires_at IS 'Until when it is good.';
COMMENT ON COLUMN api_keys.used_at IS 'When it was last used, to the minute; null before the first time.';
COMMENT ON COLUMN api_keys.revoked_at IS 'Since when it is good no more; null while it is.';
CREATE INDEX api_keys_agent ON api_keys (agent_id);

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sessions TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON sessions TO interdesk_app;
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refresh_tokens TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON refresh_tokens TO interdesk_app;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_keys TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON api_keys TO interdesk_app;
