-- A second proof beside the password: codes of an authenticator, and codes to get in without it.

CREATE TABLE second_factors (
    agent_id uuid PRIMARY KEY REFERENCES agents,
    tenant_id uuid NOT NULL REFERENCES tenants,
    secret bytea NOT NULL,
    begun_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE second_factors IS 'What an agent proves themselves by beside the password (RFC 6238). Written by flow::second_factor.';
COMMENT ON COLUMN second_factors.agent_id IS 'Whose.';
COMMENT ON COLUMN second_factors.tenant_id IS 'Of which tenant.';
COMMENT ON COLUMN second_factors.secret IS 'What codes are made of, encrypted (see docs/operations.md).';
COMMENT ON COLUMN second_factors.begun_at IS 'When the secret was made.';
COMMENT ON COLUMN second_factors.confirmed_at IS 'Since when sign-ins ask for a code; null until the first code was right.';
COMMENT ON COLUMN second_factors.last_step IS 'The 30 seconds, counted from 1970, whose code was used last: no code is good twice.';

CREATE TABLE recovery_codes (
    agent_id uuid NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    digest bytea NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants,
    used_at timestamptz,
    PRIMARY KEY (agent_id, digest)
);
COMMENT ON TABLE recovery_codes IS 'Codes that are good once, for who lost the authenticator. Written by flow::second_factor.';
COMMENT ON COLUMN recovery_codes.agent_id IS 'Whose.';
COMMENT ON COLUMN recovery_codes.digest IS 'SHA-256 of the agent and the code, which is kept nowhere.';
COMMENT ON COLUMN recovery_codes.tenant_id IS 'Of which tenant.';
COMMENT ON COLUMN recovery_codes.used_at IS 'When it was used; null while it is good.';

ALTER TABLE second_factors ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON second_factors TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors TO interdesk_app;
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recovery_codes TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes TO interdesk_app;
