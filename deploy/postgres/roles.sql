-- The database roles of Interdesk. An administrator runs this once per server, before the
-- first migration; running it again changes nothing.
--
--   interdesk_owner   owns the tables and runs the migrations; nothing else logs in as it
--   interdesk         the login of the program; by itself it may do nothing
--   interdesk_app     what the program becomes for work inside one tenant
--   interdesk_system  what it becomes for work across tenants: relay, timers, sign-in
--   interdesk_operator  what `interdesk tenant` becomes, as interdesk_owner or as a login of its
--                     own that you grant it to; the running program never can
--
-- No role of the program can bypass row-level security, so a forgotten scope finds nothing
-- instead of everything. The program takes a role per transaction; its login does not
-- inherit, so a statement outside such a transaction is refused.
--
-- Passwords are set apart from this file, for example with psql's \password interdesk.

SET client_min_messages = warning;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interdesk_owner') THEN
        CREATE ROLE interdesk_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interdesk_app') THEN
        CREATE ROLE interdesk_app;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interdesk_system') THEN
        CREATE ROLE interdesk_system;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interdesk_operator') THEN
        CREATE ROLE interdesk_operator;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'interdesk') THEN
        CREATE ROLE interdesk LOGIN;
    END IF;
END
$$;

ALTER ROLE interdesk_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE interdesk_app NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE interdesk_system NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE interdesk_operator NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
ALTER ROLE interdesk LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;

GRANT interdesk_app, interdesk_system TO interdesk;
GRANT interdesk_operator TO interdesk_owner;

COMMENT ON ROLE interdesk_owner IS 'Owns the tables of Interdesk and runs its migrations.';
COMMENT ON ROLE interdesk IS 'The login of the program; takes interdesk_app or interdesk_system per transaction.';
COMMENT ON ROLE interdesk_app IS 'Work inside one tenant, bound by row-level security.';
COMMENT ON ROLE interdesk_system IS 'Work across tenants, bound by row-level security policies of its own.';
COMMENT ON ROLE interdesk_operator IS 'Adds tenants, keeps them out and says how much they may use; no login of the program can become it.';
