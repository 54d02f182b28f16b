DROP INDEX outbox_complete;
CREATE INDEX outbox_complete ON outbox (xid, pos);
ALTER TABLE sla_episodes DROP COLUMN asked;
ALTER TABLE search_names ADD CONSTRAINT search_names_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
ALTER TABLE search_words ADD CONSTRAINT search_words_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
ALTER TABLE sla_clocks ADD CONSTRAINT sla_clocks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
ALTER TABLE sla_moments ADD CONSTRAINT sla_moments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
ALTER TABLE sla_episodes ADD CONSTRAINT sla_episodes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
ALTER TABLE sla_conversations ADD CONSTRAINT sla_conversations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants;
