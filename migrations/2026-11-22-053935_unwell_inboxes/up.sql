-- The operators' doctor shows which inboxes are not well, over all tenants.
CREATE POLICY system ON inbox_conditions FOR SELECT TO interdesk_system USING (true);
GRANT SELECT ON inbox_conditions TO interdesk_system;
