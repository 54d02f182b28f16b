-- Roles: two more that every tenant has, and a tenant's own.

CREATE TABLE roles (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    permissions text[] NOT NULL,
    visibility text NOT NULL CHECK (visibility IN ('own', 'team', 'queue', 'all')),
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
COMMENT ON TABLE roles IS 'A role that a tenant made. Written by flow::roles.';
COMMENT ON COLUMN roles.id IS 'Names the role (UUIDv7).';
COMMENT ON COLUMN roles.tenant_id IS 'Whose role.';
COMMENT ON COLUMN roles.name IS 'What people call it.';
COMMENT ON COLUMN roles.description IS 'What it is for, in words.';
COMMENT ON COLUMN roles.permissions IS 'What it allows (domain::permission::Permission); a word that is not known allows nothing.';
COMMENT ON COLUMN roles.visibility IS 'Which conversations it shows (domain::permission::Visibility).';
COMMENT ON COLUMN roles.created_at IS 'When it was made.';
COMMENT ON COLUMN roles.retired_at IS 'Since when nobody may get it; nobody has it then.';
CREATE UNIQUE INDEX roles_name ON roles (tenant_id, name) WHERE retired_at IS NULL;

ALTER TABLE roles ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON roles TO interdesk_app USING (tenant_id = (SELECT scoped_tenant()));
GRANT SELECT, INSERT, UPDATE ON roles TO interdesk_app;

ALTER TABLE agents
    DROP CONSTRAINT agents_role_check,
    ADD COLUMN role_id uuid REFERENCES roles,
    ADD CONSTRAINT agents_role_check
        CHECK (role IN ('agent', 'supervisor', 'admin', 'developer', 'auditor', 'custom')),
    ADD CONSTRAINT agents_custom_role CHECK ((role = 'custom') = (role_id IS NOT NULL));
COMMENT ON COLUMN agents.role IS 'What the agent is (domain::permission::Role); custom is what role_id says.';
COMMENT ON COLUMN agents.role_id IS 'The tenant''s own role that they have; null for the roles that every tenant has.';
CREATE INDEX agents_role ON agents (role_id) WHERE role_id IS NOT NULL;
COMMENT ON INDEX agents_role IS 'A role is retired when nobody has it.';
