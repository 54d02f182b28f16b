REVOKE SELECT ON inbox_conditions FROM interdesk_system;
DROP POLICY system ON inbox_conditions;
