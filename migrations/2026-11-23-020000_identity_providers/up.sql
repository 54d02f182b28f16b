-- Signing in at somebody else's: OpenID Connect.

CREATE TABLE identity_providers (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    client_secret bytea,
    scopes text[] NOT NULL,
    groups_claim text NOT NULL,
    group_roles jsonb NOT NULL,
    fallback_role text,
    fallback_role_id uuid REFERENCES roles,
    creates_agents boolean NOT NULL,
    trusts_email boolean NOT NULL,
    redirect_urls text[] NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
COMMENT ON TABLE identity_providers IS 'Where people of a tenant prove who they are, other than here (OpenID Connect). Written by flow::setup.';
COMMENT ON COLUMN identity_providers.id IS 'Names the provider (UUIDv7).';
COMMENT ON COLUMN identity_providers.tenant_id IS 'Whose people sign in there.';
COMMENT ON COLUMN identity_providers.name IS 'What stands on the button.';
COMMENT ON COLUMN identity_providers.issuer IS 'The issuer''s URL, as its tokens write it.';
COMMENT ON COLUMN identity_providers.client_id IS 'What the provider calls this desk.';
COMMENT ON COLUMN identity_providers.client_secret IS 'What proves this desk to the provider, encrypted (see docs/operations.md); null for a public client.';
COMMENT ON COLUMN identity_providers.scopes IS 'What is asked for beside openid.';
COMMENT ON COLUMN identity_providers.groups_claim IS 'Which claim names the groups of a person; a dot leads into an object.';
COMMENT ON COLUMN identity_providers.group_roles IS 'Which group gives which role, the first that fits (domain::permission::GroupRule).';
COMMENT ON COLUMN identity_providers.fallback_role IS 'The role of who is in none of these groups; null where they are not let in.';
COMMENT ON COLUMN identity_providers.fallback_role_id IS 'Which role of the tenant''s own, where the role is custom.';
COMMENT ON COLUMN identity_providers.creates_agents IS 'Whether somebody new becomes an agent by signing in.';
COMMENT ON COLUMN identity_providers.trusts_email IS 'Whether an address counts as verified of which the provider does not say so.';
COMMENT ON COLUMN identity_providers.redirect_urls IS 'The pages that the provider may send people back to.';
COMMENT ON COLUMN identity_providers.created_at IS 'When it was set up.';
COMMENT ON COLUMN identity_providers.retired_at IS 'Since when nobody signs in there; null while people do.';
CREATE INDEX identity_providers_tenant ON identity_providers (tenant_id, name);
CREATE UNIQUE INDEX identity_providers_name ON identity_providers (tenant_id, name) WHERE retired_at IS NULL;

CREATE TABLE agent_accounts (
    provider_id uuid NOT NULL REFERENCES identity_providers,
    subject text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    agent_id uuid NOT NULL REFERENCES agents,
    linked_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, subject),
    UNIQUE (provider_id, agent_id)
);
COMMENT ON TABLE agent_accounts IS 'Which account of an identity provider is which agent. Written by flow::oidc.';
COMMENT ON COLUMN agent_accounts.provider_id IS 'Whose account.';
COMMENT ON COLUMN agent_accounts.subject IS 'What the provider calls the person, for good.';
COMMENT ON COLUMN agent_accounts.tenant_id IS 'Of which tenant.';
COMMENT ON COLUMN agent_accounts.agent_id IS 'Who it is here.';
COMMENT ON COLUMN agent_accounts.linked_at IS 'When they first signed in there.';
COMMENT ON COLUMN agent_accounts.seen_at IS 'When they last did.';
CREATE INDEX agent_accounts_agent ON agent_accounts (agent_id);

CREATE TABLE provider_sign_ins (
    state bytea PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    provider_id uuid NOT NULL REFERENCES identity_providers,
    challenge bytea NOT NULL,
    nonce text NOT NULL,
    redirect_url text NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE provider_sign_ins IS 'Sign-ins that were begun and wait for the provider''s answer. Written by flow::oidc.';
COMMENT ON COLUMN provider_sign_ins.state IS 'SHA-256 of the state that comes back, which is kept nowhere.';
COMMENT ON COLUMN provider_sign_ins.tenant_id IS 'Of which tenant.';
COMMENT ON COLUMN provider_sign_ins.provider_id IS 'Where.';
COMMENT ON COLUMN provider_sign_ins.challenge IS 'SHA-256 of the verifier that the page keeps (RFC 7636).';
COMMENT ON COLUMN provider_sign_ins.nonce IS 'What the ID token has to repeat.';
COMMENT ON COLUMN provider_sign_ins.redirect_url IS 'Where the provider sends the person.';
COMMENT ON COLUMN provider_sign_ins.expires_at IS 'Until when the answer may come.';
CREATE INDEX provider_sign_ins_expired ON provider_sign_ins (tenant_id, expires_at);

ALTER TABLE identity_providers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity_providers TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON identity_providers TO interdesk_app;
ALTER TABLE agent_accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON agent_accounts TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON agent_accounts TO interdesk_app;
ALTER TABLE provider_sign_ins ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON provider_sign_ins TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, DELETE ON provider_sign_ins TO interdesk_app;
