UPDATE agents SET role = 'agent', role_id = NULL WHERE role NOT IN ('agent', 'supervisor', 'admin');
ALTER TABLE agents
    DROP CONSTRAINT agents_custom_role,
    DROP CONSTRAINT agents_role_check,
    DROP COLUMN role_id,
    ADD CONSTRAINT agents_role_check CHECK (role IN ('agent', 'supervisor', 'admin'));
COMMENT ON COLUMN agents.role IS 'What the agent may do.';
DROP TABLE roles;
